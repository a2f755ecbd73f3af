/** A YAML editor that knows its schema: completion, explanations on hover, and what is wrong as one types. */
import { type Schema as Shape, Validator } from "@cfworker/json-schema";
import { autocompletion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { yaml } from "@codemirror/lang-yaml";
import { type Diagnostic, linter, lintGutter } from "@codemirror/lint";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView, hoverTooltip, keymap } from "@codemirror/view";
import { basicSetup } from "codemirror";
import { useEffect, useRef } from "react";
import { colours } from "./colours";
import styles from "./editor.module.css";
import { parentOf, parsed, pathAt, rangeOf } from "./places";
import { aboutAt, keysAt, type Schema, wordsAt } from "./schema";

interface YamlEditorProps {
  value: string;
  onChange: (text: string) => void;
  /** Absent while it loads: the editor works, and knows nothing yet. */
  schema?: Schema;
  label: string;
  readOnly?: boolean;
  onSave?: () => void;
}

export default function YamlEditor({
  value,
  onChange,
  schema,
  label,
  readOnly = false,
  onSave,
}: YamlEditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const tell = useRef({ onChange, onSave });
  tell.current = { onChange, onSave };
  const first = useRef(value);
  first.current = value;
  useEffect(() => {
    if (!place.current) return;
    const made = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: first.current,
        extensions: [
          basicSetup,
          yaml(),
          colours,
          EditorState.readOnly.of(readOnly),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) tell.current.onChange(update.state.doc.toString());
          }),
          keymap.of([
            {
              key: "Mod-s",
              preventDefault: true,
              run: () => {
                tell.current.onSave?.();
                return true;
              },
            },
          ]),
          ...(schema && !readOnly ? knowing(schema) : []),
        ],
      }),
    });
    view.current = made;
    return () => {
      first.current = made.state.doc.toString();
      made.destroy();
      view.current = null;
    };
  }, [schema, label, readOnly]);
  useEffect(() => {
    const now = view.current;
    if (now && now.state.doc.toString() !== value)
      now.dispatch({ changes: { from: 0, to: now.state.doc.length, insert: value } });
  }, [value]);
  return <div ref={place} className={styles.editor} />;
}

function knowing(schema: Schema): Extension[] {
  return [
    lintGutter(),
    linter((view) => problems(view.state.doc.toString(), schema), { delay: 300 }),
    autocompletion({ override: [(context) => complete(context, schema)] }),
    hoverTooltip((view, position) => {
      const text = view.state.doc.toString();
      const found = pathAt(text, position);
      const about = found ? aboutAt(schema, found.path) : "";
      if (!found || !about) return null;
      return {
        pos: position,
        create: () => {
          const dom = document.createElement("div");
          dom.className = styles.about ?? "";
          dom.textContent = about;
          return { dom };
        },
      };
    }),
  ];
}

const validators = new WeakMap<Schema, Validator>();

/** What is no YAML, and what the schema does not allow, each at its place. */
export function problems(text: string, schema: Schema): Diagnostic[] {
  const document = parsed(text);
  if (document.errors.length > 0) {
    return document.errors.map((error) => ({
      from: Math.min(error.pos[0], text.length),
      to: Math.min(error.pos[1], text.length),
      severity: "error",
      message: error.message,
    }));
  }
  let validator = validators.get(schema);
  if (!validator) {
    validator = new Validator(schema as Shape, "2020-12", false);
    validators.set(schema, validator);
  }
  const { errors } = validator.validate(document.toJS());
  // A keyword that only says that something below it is wrong says nothing new.
  const told = errors.filter(
    (one) => !["properties", "$ref", "items", "anyOf", "oneOf", "allOf"].includes(one.keyword),
  );
  return (told.length > 0 ? told : errors).slice(0, 20).map((error) => {
    const path = error.instanceLocation
      .split("/")
      .slice(1)
      .map((step) => decodeURIComponent(step.replaceAll("~1", "/").replaceAll("~0", "~")))
      .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
    const [from, to] = rangeOf(document, path, text.length);
    return { from, to, severity: "error", message: error.error };
  });
}

function complete(context: CompletionContext, schema: Schema): CompletionResult | null {
  const lines = context.state.doc.toString().split("\n");
  const line = context.state.doc.lineAt(context.pos);
  const before = line.text.slice(0, context.pos - line.from);
  const value = /^(\s*(?:- +)?)([A-Za-z_][\w-]*):\s+(\S*)$/.exec(before);
  if (value) {
    const [, space = "", key = "", typed = ""] = value;
    const words = wordsAt(schema, [...parentOf(lines, line.number - 1, space.length), key]);
    const options = words.map((word) => ({ label: word.value, type: "enum", info: word.about || undefined }));
    return options.length > 0 ? { from: context.pos - typed.length, options, validFor: /^\S*$/ } : null;
  }
  const key = /^(\s*(?:- +)?)([\w-]*)$/.exec(before);
  if (!key || (!context.explicit && !key[2])) return null;
  const [, space = "", typed = ""] = key;
  const options = keysAt(schema, parentOf(lines, line.number - 1, space.length)).map((one) => ({
    label: one.name,
    type: "property",
    detail: one.required ? "*" : undefined,
    info: one.about || undefined,
    apply: one.deep ? `${one.name}:\n${" ".repeat(space.length + 2)}` : `${one.name}: `,
  }));
  return options.length > 0 ? { from: context.pos - typed.length, options, validFor: /^[\w-]*$/ } : null;
}
