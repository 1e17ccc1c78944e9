/** A file's text with `\n` at the ends of lines and no byte order mark, or where it stops being UTF-8. */
export type DecodedText = { readonly text: string } | { readonly badOffset: number; readonly guess: string }

/** Reads bytes as UTF-8. Errors: none; other encodings give the first offset that is wrong and a guess to search in. */
export function decodeText(bytes: Uint8Array): DecodedText {
  if (looksLikeUtf16(bytes)) return { badOffset: 0, guess: Buffer.from(bytes).toString('latin1').replaceAll('\0', '') }
  try {
    return { text: normalise(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) }
  } catch {
    return { badOffset: firstBadOffset(bytes), guess: Buffer.from(bytes).toString('latin1') }
  }
}

/** Line and column of a byte, counted in bytes; enough to find it. */
export function placeOfByte(bytes: Uint8Array, offset: number): { readonly line: number; readonly col: number } {
  const before = Buffer.from(bytes.subarray(0, offset)).toString('latin1').split('\n')
  return { line: before.length, col: (before.at(-1)?.length ?? 0) + 1 }
}

function normalise(text: string): string {
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text
}

function looksLikeUtf16(bytes: Uint8Array): boolean {
  const [first, second] = [bytes[0], bytes[1]]
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return true
  return bytes.length >= 4 && (first === 0) !== (second === 0) && (bytes[2] === 0) !== (bytes[3] === 0)
}

/** By halving: a prefix is good when a streaming decoder takes it. */
function firstBadOffset(bytes: Uint8Array): number {
  let good = 0
  let bad = bytes.length
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (decodes(bytes.subarray(0, middle), true)) good = middle
    else bad = middle
  }
  while (good > 0 && !decodes(bytes.subarray(0, good), false)) good-- // back to the first byte of what is cut off
  return good
}

function decodes(bytes: Uint8Array, stream: boolean): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream })
    return true
  } catch {
    return false
  }
}
