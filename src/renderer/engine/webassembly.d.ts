/** The part of the WebAssembly interface that the engine's host uses; Node's own types leave it to those of browsers. */
declare namespace WebAssembly {
  class Module {
    private constructor()
    static imports(module: Module): readonly { readonly module: string; readonly name: string }[]
  }
  interface Memory {
    readonly buffer: ArrayBuffer
  }
  interface Instance {
    readonly exports: Exports
  }
  type Exports = Readonly<Record<string, unknown>>
  type Imports = Readonly<Record<string, Readonly<Record<string, (...args: never[]) => number | undefined>>>>
  function compile(bytes: Uint8Array): Promise<Module>
  function instantiate(module: Module, imports: Imports): Promise<Instance>
}
