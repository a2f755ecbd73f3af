/** What a JSON Schema says about a place in a document: its keys, its values, its description. */

export interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  description?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  enum?: unknown[];
  const?: unknown;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
  default?: unknown;
}

export type Path = readonly (string | number)[];

function deref(root: Schema, schema: Schema): Schema {
  let found = schema;
  for (let steps = 0; found.$ref && steps < 20; steps += 1) {
    const name = found.$ref.replace("#/$defs/", "");
    const { $ref: _, ...own } = found;
    found = { ...root.$defs?.[name], ...own };
  }
  return found;
}

/** The schema itself and everything that it may be instead. */
export function alternatives(root: Schema, schema: Schema): Schema[] {
  const whole = deref(root, schema);
  const more = [...(whole.oneOf ?? []), ...(whole.anyOf ?? []), ...(whole.allOf ?? [])];
  return [whole, ...more.flatMap((one) => alternatives(root, one))];
}

/** What stands at that place may be any of these. */
export function at(root: Schema, path: Path): Schema[] {
  let found = alternatives(root, root);
  for (const step of path) {
    found = found.flatMap((schema) => {
      const next = typeof step === "number" ? schema.items : schema.properties?.[step];
      return next ? alternatives(root, next) : [];
    });
  }
  return found;
}

export interface Key {
  name: string;
  about: string;
  required: boolean;
  /** A map or a list begins behind it. */
  deep: boolean;
}

/** The keys that may stand there, required ones first. */
export function keysAt(root: Schema, path: Path): Key[] {
  const keys = new Map<string, Key>();
  for (const schema of at(root, path)) {
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      if (keys.has(name)) continue;
      const all = alternatives(root, property);
      const types = all.flatMap((one) => one.type ?? []);
      keys.set(name, {
        name,
        about: all.find((one) => one.description)?.description ?? "",
        required: schema.required?.includes(name) ?? false,
        deep: types.includes("object") || types.includes("array"),
      });
    }
  }
  return [...keys.values()].sort((one, other) => Number(other.required) - Number(one.required));
}

/** The words that may stand there, each with what it means. */
export function wordsAt(root: Schema, path: Path): { value: string; about: string }[] {
  const found = at(root, path).flatMap((schema) => {
    const about = schema.description ?? "";
    if (schema.const !== undefined) return [{ value: String(schema.const), about }];
    if (schema.enum) return schema.enum.map((value) => ({ value: String(value), about: "" }));
    return schema.type === "boolean" ? ["true", "false"].map((value) => ({ value, about: "" })) : [];
  });
  return [...new Map(found.map((one) => [one.value, one])).values()];
}

/** What that place is for. */
export function aboutAt(root: Schema, path: Path): string {
  return at(root, path).find((schema) => schema.description)?.description ?? "";
}
