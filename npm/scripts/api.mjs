// The public API as text: every name an entry exports, and its members, one to a line with its signature, from the declarations in dist/.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import ts from "typescript";

const GOLDEN = "../tests/api/typescript.txt";

/** Holds the public API against tests/api/typescript.txt; `INVREQ_WRITE_API=1` writes it. */
export function checkApi() {
  const found = api(JSON.parse(readFileSync("package.json", "utf8")));
  if (process.env.INVREQ_WRITE_API) {
    mkdirSync(dirname(GOLDEN), { recursive: true });
    writeFileSync(GOLDEN, found);
    return;
  }
  const agreed = readFileSync(GOLDEN, "utf8");
  if (agreed === found) return;
  const [before, now] = [agreed, found].map((text) => text.split("\n"));
  const gone = before.filter((line) => !now.includes(line)).map((line) => `- ${line}`);
  const come = now.filter((line) => !before.includes(line)).map((line) => `+ ${line}`);
  const advice = "the public API is another one; if that is meant: INVREQ_WRITE_API=1 npm run check:package";
  throw new Error([...gone, ...come, advice].join("\n"));
}

/** The whole text. An entry with the declarations of an earlier one is a line. */
function api({ name, exports }) {
  const entries = Object.entries(exports).filter(([, conditions]) => conditions.import?.types);
  const files = entries.map(([, { import: given }]) => resolve(given.types));
  const host = withoutComments();
  const program = ts.createProgram(files, host.options, host);
  const lines = entries.flatMap(([path], at) => {
    const entry = name + path.slice(1);
    const first = files.indexOf(files[at]);
    return first < at
      ? [`${entry}: ${name}${entries[first][0].slice(1)}`]
      : exported(entry, program, files[at]);
  });
  return `${lines.join("\n")}\n`;
}

/** Reads declarations as if they had no comments. */
function withoutComments() {
  const options = { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2022 };
  const host = ts.createCompilerHost(options);
  const printer = ts.createPrinter({ removeComments: true });
  const read = host.getSourceFile;
  host.getSourceFile = (path, language, ...rest) => {
    const file = read(path, language, ...rest);
    if (file === undefined || !path.startsWith(resolve("dist"))) return file;
    const bare = ts.createSourceFile(path, printer.printFile(file), language, true);
    bare.impliedNodeFormat = file.impliedNodeFormat;
    return bare;
  };
  return Object.assign(host, { options });
}

/** Everything an entry exports, by name. */
function exported(entry, program, path) {
  const checker = program.getTypeChecker();
  const symbols = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(path)));
  return byName(symbols, (symbol) => symbol.name).flatMap((symbol) => {
    const isAlias = symbol.flags & ts.SymbolFlags.Alias;
    const { declarations } = isAlias ? checker.getAliasedSymbol(symbol) : symbol;
    return declarations.flatMap((declaration) => described(`${entry}.${symbol.name}`, declaration));
  });
}

/** A declaration, and below it its members. */
function described(name, node) {
  if (ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node)) {
    const members = byName(node.members.filter(isOpen), nameOf);
    const head = [...words(node), name + flat(node, node.name.end, node.members.pos - 1)].join(" ");
    return [head, ...members.flatMap((member) => described(`${name}.${nameOf(member)}`, member))];
  }
  if (ts.isTypeAliasDeclaration(node) && ts.isUnionTypeNode(node.type) && flat(node).length > 110) {
    return node.type.types.map((type) => `type ${name} | ${flat(type)}`);
  }
  return [[...words(node), name + flat(node, named(node).end)].join(" ")];
}

const KEYWORDS = new Map([
  [ts.SyntaxKind.ClassDeclaration, "class"],
  [ts.SyntaxKind.InterfaceDeclaration, "interface"],
  [ts.SyntaxKind.TypeAliasDeclaration, "type"],
  [ts.SyntaxKind.FunctionDeclaration, "function"],
  [ts.SyntaxKind.VariableDeclaration, "const"],
  [ts.SyntaxKind.GetAccessor, "get"],
  [ts.SyntaxKind.SetAccessor, "set"],
]);

/** What stands before the name. */
function words(node) {
  const modifiers = (node.modifiers ?? []).map((modifier) => modifier.getText());
  const keyword = KEYWORDS.get(node.kind) ?? [];
  return [...modifiers.filter((word) => !["export", "declare", "default"].includes(word)), keyword].flat();
}

/** What can be called or read, and a constructor that cannot: without it there would be one. */
function isOpen(member) {
  if (ts.isConstructorDeclaration(member)) return true;
  return !ts.isPrivateIdentifier(named(member)) && !words(member).includes("private");
}

/** The name of a member; of what has none, the word it begins with. */
function named(member) {
  return member.name ?? member.getChildren().find((part) => part.kind !== ts.SyntaxKind.SyntaxList);
}

function nameOf(member) {
  return named(member).getText();
}

/** A part of a node's text on one line. */
function flat(node, from = node.getStart(), to = node.end) {
  const text = node.getSourceFile().text.slice(from, to);
  return text.replace(/\s+/g, " ").replace(/;$/, "").trimEnd();
}

function byName(list, name) {
  return [...list].sort((a, b) => (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0));
}
