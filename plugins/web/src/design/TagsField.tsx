/** Several names from a list, or new ones. The list closes with each choice: it would lie over the buttons below. */
import { TagsInput, type TagsInputProps } from "@mantine/core";
import { useState } from "react";

type TagsFieldProps = Omit<TagsInputProps, "dropdownOpened" | "onDropdownOpen" | "onDropdownClose"> & {
  onChange: (value: string[]) => void;
};

export function TagsField({ onChange, ...props }: TagsFieldProps) {
  const [open, setOpen] = useState(false);
  return (
    <TagsInput
      {...props}
      dropdownOpened={open}
      onDropdownOpen={() => setOpen(true)}
      onDropdownClose={() => setOpen(false)}
      onChange={(value) => {
        onChange(value);
        setOpen(false);
      }}
    />
  );
}
