import { ActionIcon } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useAction } from "../../lib/data";
import { save } from "./saving";

interface SaveButtonProps {
  to: string;
  name: string;
  size: number;
  label: string;
}

export function SaveButton({ to, name, size, label }: SaveButtonProps) {
  const action = useAction({ run: () => save(to, name, size) });
  return (
    <ActionIcon
      size={24}
      aria-label={label}
      title={label}
      loading={action.isPending}
      onClick={() => action.mutate()}
    >
      <IconDownload size={15} />
    </ActionIcon>
  );
}
