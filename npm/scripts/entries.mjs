// The entries of the package. What an entry is for stands in README.md; the file of the same name in src/ is its source.
export const ENTRIES = ["index", "node", "url", "slim", "testing"];
