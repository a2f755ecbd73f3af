/** One thing in full, beside the list that it was opened from. */
import { Drawer } from "@mantine/core";
import type { ReactNode } from "react";

interface SheetProps {
  opened: boolean;
  title: ReactNode;
  onClose: () => void;
  size?: "md" | "lg" | "xl";
  children: ReactNode;
}

export function Sheet({ size = "md", ...rest }: SheetProps) {
  return <Drawer position="right" size={size} {...rest} />;
}
