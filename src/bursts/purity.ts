// Cold. Runs on: main, at build time and in tests.
// Importing a memory is no sandbox: a module's data segments and its start function write into it when the module is
// instantiated, that is, into the running machine. So the burst module must have neither.

const PREAMBLE_BYTES = 8; // magic and version
const START_SECTION = 8;
const DATA_SECTION = 11;

/** @throws Error that says what the module imports, or holds, beyond the memory it works on */
export function assertPure(bytes: Uint8Array): void {
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(bytes));
  const foreign = imports.filter(({ module, name, kind }) => `${module}.${name}:${kind}` !== 'env.memory:memory');
  if (foreign.length > 0) throw new Error(`bursts.wasm: imports more than env.memory: ${JSON.stringify(foreign)}`);
  const sections = sectionIds(bytes);
  if (sections.includes(DATA_SECTION))
    throw new Error('bursts.wasm: has a data section, which would overwrite the memory');
  if (sections.includes(START_SECTION))
    throw new Error('bursts.wasm: has a start function, which could write to memory');
}

/** The ids of a module's sections, in order. */
export function sectionIds(bytes: Uint8Array): number[] {
  const ids: number[] = [];
  for (let at = PREAMBLE_BYTES; at < bytes.length; ) {
    ids.push(bytes[at] ?? 0);
    const size = leb128(bytes, at + 1);
    at = size.end + size.value;
  }
  return ids;
}

function leb128(bytes: Uint8Array, start: number): { value: number; end: number } {
  let value = 0;
  for (let at = start, shift = 0; ; at++, shift += 7) {
    const byte = bytes[at] ?? 0;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return { value, end: at + 1 };
  }
}
