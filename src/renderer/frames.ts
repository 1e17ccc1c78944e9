const HEAD_BYTES = 4

/** A message as it goes through a pipe: its length in 4 bytes, then itself. */
export function frameOf(body: Uint8Array): Uint8Array {
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUInt32BE(body.length)
  return Buffer.concat([head, body])
}

/** Takes messages out of a stream of pieces. */
export class FrameReader {
  readonly #maxBytes: number
  #pieces: Uint8Array[] = []
  #size = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The messages that this piece completes. Errors: RangeError when one is longer than the limit. */
  push(piece: Uint8Array): readonly Uint8Array[] {
    this.#pieces.push(piece)
    this.#size += piece.length
    const bodies: Uint8Array[] = []
    for (let length = this.#nextLength(); length !== undefined; length = this.#nextLength()) {
      bodies.push(this.#take(HEAD_BYTES + length).subarray(HEAD_BYTES))
    }
    return bodies
  }

  /** The length of the next message, if all of it is here. */
  #nextLength(): number | undefined {
    if (this.#size < HEAD_BYTES) return undefined
    const length = this.#joined(HEAD_BYTES).readUInt32BE(0)
    if (length > this.#maxBytes) throw new RangeError(`a message of ${length} bytes is longer than ${this.#maxBytes}`)
    return this.#size >= HEAD_BYTES + length ? length : undefined
  }

  #take(count: number): Buffer {
    const all = this.#joined(count)
    this.#pieces = [all.subarray(count)]
    this.#size -= count
    return all.subarray(0, count)
  }

  /** One buffer whose first bytes are those of the stream; pieces are joined only when the first is too short. */
  #joined(atLeast: number): Buffer {
    const first = this.#pieces[0]
    if (first !== undefined && first.length >= atLeast) return Buffer.from(first.buffer, first.byteOffset, first.length)
    const all = Buffer.concat(this.#pieces)
    this.#pieces = [all]
    return all
  }
}
