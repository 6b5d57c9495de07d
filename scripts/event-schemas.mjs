// JSON Schemas (draft 2020-12) of the newest version of every event, read from the types of libs/lifecycle: one source.
// The committed files under schemas/events are the contract. `--check`: they say what the types say. `--write`: make it so.
// Values carry their rule in the tag `@schema {…}` beside their type.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import ts from 'typescript';
import { root } from './lib.mjs';
import './typescript-loader.mjs';

const folder = join(root, 'schemas', 'events');

/** Every declaration of the contract by name; a name means one thing. */
function declarations() {
  const found = new Map();
  const files = [join(root, 'libs', 'event-store', 'envelope.ts'), ...walk(join(root, 'libs', 'lifecycle'))];
  for (const path of files) {
    const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
    for (const statement of source.statements) {
      if (ts.isTypeAliasDeclaration(statement) || ts.isInterfaceDeclaration(statement))
        found.set(statement.name.text, statement);
      else if (ts.isVariableStatement(statement))
        for (const declaration of statement.declarationList.declarations)
          found.set(declaration.name.getText(), declaration);
    }
  }
  return found;
}

/** The files that declare events and the values in them; deciders and their commands are not part of the contract. */
function* walk(directory) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      for (const name of ['document.ts', 'events.ts']) if (existsSync(join(path, name))) yield join(path, name);
    } else if (['events.ts', 'kernel.ts', 'values.ts', 'roles.ts', 'streams.ts'].includes(entry.name)) yield path;
  }
}

class Generator {
  constructor(names) {
    this.names = names;
  }

  /** The schema of one root type with all that it refers to. */
  document(node, head) {
    this.defs = new Map();
    const body = this.type(node);
    const defs = Object.fromEntries([...this.defs].sort(([a], [b]) => (a < b ? -1 : 1)));
    return { ...head, ...body, ...(this.defs.size > 0 ? { $defs: defs } : {}) };
  }

  type(node) {
    if (ts.isParenthesizedTypeNode(node)) return this.type(node.type);
    if (ts.isTypeOperatorNode(node)) return this.type(node.type);
    if (ts.isArrayTypeNode(node)) return { type: 'array', items: this.type(node.elementType) };
    if (ts.isTypeLiteralNode(node)) return this.object(node.members);
    if (ts.isLiteralTypeNode(node)) return this.union([node]);
    if (ts.isUnionTypeNode(node)) return this.union(node.types);
    if (ts.isIndexedAccessTypeNode(node)) return this.indexed(node);
    if (ts.isTypeReferenceNode(node)) return this.reference(node);
    switch (node.kind) {
      case ts.SyntaxKind.StringKeyword:
        throw new Error(`${where(node)}: a bare string says nothing; name the value it holds (values.ts)`);
      case ts.SyntaxKind.NumberKeyword:
        return { type: 'number' };
      case ts.SyntaxKind.BooleanKeyword:
        return { type: 'boolean' };
      default:
        throw new Error(`${where(node)}: ${node.getText()} has no schema`);
    }
  }

  object(members) {
    const properties = {};
    const required = [];
    for (const member of members) {
      const name = member.name.getText();
      properties[name] = { ...description(member), ...(tagged(member) ?? this.type(member.type)) };
      if (!member.questionToken) required.push(name);
    }
    return { type: 'object', additionalProperties: false, required: required.sort(), properties };
  }

  union(nodes) {
    const literals = nodes.filter((node) => ts.isLiteralTypeNode(node)).map((node) => literal(node.literal));
    const others = nodes.filter((node) => !ts.isLiteralTypeNode(node)).map((node) => this.type(node));
    if (others.length === 0) return literals.length === 1 ? { const: literals[0] } : { enum: literals };
    if (others.length === 1 && typeof others[0].type === 'string' && literals.length === 1 && literals[0] === null)
      return { ...others[0], type: [others[0].type, 'null'] };
    return { anyOf: [...(literals.length > 0 ? [{ enum: literals }] : []), ...others] };
  }

  indexed(node) {
    const target = ts.isParenthesizedTypeNode(node.objectType) ? node.objectType.type : node.objectType;
    if (ts.isTypeQueryNode(target)) {
      const array = this.names.get(target.exprName.getText()).initializer;
      return { enum: (ts.isAsExpression(array) ? array.expression : array).elements.map((element) => element.text) };
    }
    const owner = this.names.get(target.typeName.getText());
    const member = owner.members.find((candidate) => candidate.name.getText() === node.indexType.literal.text);
    return tagged(member) ?? this.type(member.type);
  }

  reference(node) {
    const name = node.typeName.getText();
    if (name === 'Readonly') return this.type(node.typeArguments[0]);
    if (name === 'Record') {
      const [key, value] = node.typeArguments.map((argument) => this.type(argument));
      return { type: 'object', propertyNames: key, additionalProperties: value };
    }
    const declaration = this.names.get(name);
    if (!declaration) throw new Error(`${where(node)}: ${name} is not declared in the contract`);
    if (!this.defs.has(name)) {
      this.defs.set(name, {});
      const body =
        tagged(declaration) ??
        (ts.isInterfaceDeclaration(declaration) ? this.object(declaration.members) : this.type(declaration.type));
      this.defs.set(name, { ...description(declaration), ...body });
    }
    return { $ref: `#/$defs/${name}` };
  }
}

const where = (node) => {
  const source = node.getSourceFile();
  return `${source.fileName}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
};

function literal(node) {
  if (node.kind === ts.SyntaxKind.NullKeyword) return null;
  if (node.kind === ts.SyntaxKind.TrueKeyword) return true;
  if (node.kind === ts.SyntaxKind.FalseKeyword) return false;
  return ts.isNumericLiteral(node) ? Number(node.text) : node.text;
}

function tagged(node) {
  for (const tag of ts.getJSDocTags(node))
    if (tag.tagName.text === 'schema') return JSON.parse(ts.getTextOfJSDocComment(tag.comment));
  return undefined;
}

function description(node) {
  const text = (ts.getTextOfJSDocComment(node.jsDoc?.at(-1)?.comment) ?? '')
    .replace(/\{@link ([^}]*)\}/g, '$1')
    .replace(/\s+/g, ' ')
    .trim();
  return text ? { description: text } : {};
}

/** File name → text, for the newest version of every event and for the envelope. */
export async function schemas() {
  const { catalogue } = await import('../libs/event-store/catalogue.ts');
  const names = declarations();
  const generator = new Generator(names);
  const options = await resolveConfig(join(folder, 'x.json'));
  const files = new Map();
  const add = async (file, node, about) => {
    const head = { $schema: 'https://json-schema.org/draft/2020-12/schema', $id: `urn:assay:event:${file}`, ...about };
    const text = JSON.stringify(generator.document(node, head));
    files.set(file, await format(text, { ...options, parser: 'json' }));
  };
  for (const [type, { version }] of Object.entries(catalogue)) {
    const declaration = names.get(type);
    if (!declaration) throw new Error(`${type} of the catalogue has no declaration in libs/lifecycle`);
    const about = { title: `${type}, version ${version}`, ...description(declaration) };
    await add(`${type}.v${version}.json`, declaration.type.typeArguments[1], about);
  }
  const envelope = names.get('EventMetadata');
  const body = ts.factory.createTypeLiteralNode(envelope.members);
  await add('envelope.v1.json', body, { title: 'The envelope, version 1', ...description(envelope) });
  return files;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const write = process.argv.includes('--write');
  mkdirSync(folder, { recursive: true });
  const different = [];
  for (const [file, text] of await schemas()) {
    const path = join(folder, file);
    if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
    different.push(file);
    if (write) writeFileSync(path, text);
  }
  if (different.length > 0)
    process.stdout.write(`${write ? 'written' : 'differs from the types'}: ${different.join(', ')}\n`);
  if (different.length > 0 && !write) process.exit(1);
}
