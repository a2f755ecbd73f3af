/** Mantine in our colours and measures. What is not here is in tokens.css. */
import {
  Accordion,
  ActionIcon,
  Anchor,
  Badge,
  Button,
  type CSSVariablesResolver,
  createTheme,
  Drawer,
  defaultVariantColorsResolver,
  type MantineColorsTuple,
  Menu,
  Modal,
  NumberInput,
  Popover,
  Select,
  TagsInput,
  Textarea,
  TextInput,
  Tooltip,
  type VariantColorsResolver,
} from "@mantine/core";
import { i18n } from "../i18n";

const accent: MantineColorsTuple = [
  "#eceefb",
  "#d5daf5",
  "#aab4ff",
  "#99a5f2",
  "#7886de",
  "#5767cc",
  "#3f4fb8",
  "#35439f",
  "#2b3785",
  "#222c6b",
];

/** Fields, segments and lines in the dark, in the hue of tokens.css. */
const dark: MantineColorsTuple = [
  "#e6e8ee",
  "#c3c8d3",
  "#a0a7b5",
  "#7a8294",
  "#434956",
  "#323743",
  "#1f232b",
  "#181b21",
  "#14161b",
  "#0e1014",
];

/** What is filled with the accent has the text that is read on it, which differs between the themes. */
const variantColorResolver: VariantColorsResolver = (input) => {
  const resolved = defaultVariantColorsResolver(input);
  const accented = input.color === undefined || input.color === "accent";
  if (input.variant !== "filled" || !accented) return resolved;
  return {
    ...resolved,
    background: "var(--accent)",
    hover: "var(--accent-strong)",
    color: "var(--on-accent)",
  };
};

/** Read when it is used, in the language that is shown then. */
const closing = {
  get "aria-label"() {
    return i18n.t("shell:close");
  },
};

export const theme = createTheme({
  primaryColor: "accent",
  primaryShade: { light: 6, dark: 2 },
  variantColorResolver,
  colors: { accent, dark },
  defaultRadius: "sm",
  radius: { xs: "3px", sm: "5px", md: "8px", lg: "10px", xl: "16px" },
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Hiragino Sans", "Yu Gothic UI", "Noto Sans JP", sans-serif',
  fontFamilyMonospace: "var(--mono)",
  fontSizes: { xs: "0.75rem", sm: "0.8438rem", md: "0.9063rem", lg: "1.0625rem", xl: "1.25rem" },
  lineHeights: { xs: "1.45", sm: "1.5", md: "1.55", lg: "1.5", xl: "1.4" },
  headings: { fontWeight: "600", sizes: { h1: { fontSize: "1.25rem" }, h2: { fontSize: "1rem" } } },
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    // Flush with the fields and headings above and below it.
    Accordion: Accordion.extend({
      styles: { control: { paddingInline: 0 }, content: { paddingInline: 0 }, label: { fontWeight: 500 } },
    }),
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: "subtle", color: "gray" } }),
    Anchor: Anchor.extend({ defaultProps: { underline: "hover" } }),
    Badge: Badge.extend({
      defaultProps: { variant: "light", color: "gray", tt: "none", fw: 500 },
      styles: { root: { overflow: "visible", flex: "none" }, label: { overflow: "visible" } },
    }),
    Button: Button.extend({ defaultProps: { size: "xs", variant: "default", fw: 500 } }),
    Menu: Menu.extend({ defaultProps: { shadow: "md", withinPortal: true } }),
    Drawer: Drawer.extend({
      defaultProps: { closeButtonProps: closing },
      styles: { title: { fontWeight: 600, fontSize: "1rem", overflowWrap: "anywhere" } },
    }),
    Modal: Modal.extend({
      defaultProps: {
        closeButtonProps: closing,
        centered: true,
        overlayProps: { backgroundOpacity: 0.4 },
      },
      styles: { title: { fontWeight: 600 } },
    }),
    NumberInput: NumberInput.extend({ defaultProps: { size: "xs" } }),
    Popover: Popover.extend({ defaultProps: { shadow: "md" } }),
    Select: Select.extend({ defaultProps: { size: "xs", allowDeselect: false, checkIconPosition: "right" } }),
    TagsInput: TagsInput.extend({ defaultProps: { size: "xs" } }),
    Textarea: Textarea.extend({ defaultProps: { size: "xs" } }),
    TextInput: TextInput.extend({ defaultProps: { size: "xs" } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 350, multiline: true, maw: 360, withArrow: true } }),
  },
});

const colours = {
  "--mantine-color-body": "var(--surface)",
  "--mantine-color-text": "var(--ink)",
  "--mantine-color-dimmed": "var(--ink-soft)",
  "--mantine-color-placeholder": "var(--ink-soft)",
  "--mantine-color-anchor": "var(--accent)",
  "--mantine-color-error": "var(--bad)",
  "--mantine-color-default": "var(--surface)",
  "--mantine-color-default-hover": "var(--hover)",
  "--mantine-color-default-color": "var(--ink)",
  "--mantine-color-default-border": "var(--line-strong)",
  "--mantine-color-gray-light-color": "var(--ink-soft)",
};

export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: colours,
  dark: { ...colours, "--mantine-color-default": "var(--raised)" },
});
