import type { HelmFault } from './helm-types.ts'

/**
 * Reads the place out of one of Helm's error messages.
 *
 * Shape:  `file` is a path below the chart's name as in `# Source:`; `line` is of the template, so it is left out
 *         where Helm counts the lines of rendered text.
 * Source: pkg/engine/engine.go (cleanupParseError, reformatExecErrorMsg) and manifest_sorter.go of the pinned Helm.
 */
export function readFault(message: string): HelmFault {
  const at =
    /^(?:execution|parse) error at \((.+?):(\d+)(?::\d+)?\): /.exec(message) ??
    /^template: (.+?):(\d+)(?::\d+)?: /.exec(message) ??
    deepestTrace(message)
  if (at?.[1] !== undefined) return { message, file: at[1], line: Number(at[2]) }
  const file = /^YAML parse error on (.+?): /.exec(message)?.[1] ?? /^execution error in \((.+?)\): /.exec(message)?.[1]
  return file === undefined ? { message } : { message, file }
}

/** Each template that took part stands on a line of its own, the outermost first; the last one is where it went wrong. */
function deepestTrace(message: string): RegExpExecArray | undefined {
  return [...message.matchAll(/^([^\s:][^:\n]*):(\d+):\d+$/gm)].at(-1)
}
