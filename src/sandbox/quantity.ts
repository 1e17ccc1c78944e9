const FORM = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)|[eE]([+-]?\d+))?$/
const DECIMAL = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E']
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']
const NANO = 9

/** An amount in billionths, so that it stays exact. */
export interface Quantity {
  readonly nanos: bigint
  readonly binary: boolean
}

/** Reads a resource quantity such as `500m`, `1.5Gi`, `2e3`; `undefined` when the text is none. */
export function parseQuantity(text: string): Quantity | undefined {
  const match = FORM.exec(text)
  if (match === null) return undefined
  const [sign, digits, suffix, exponent] = [match[1], match[2] ?? '', match[3] ?? '', match[4]]
  const [whole, fraction = ''] = digits.split('.')
  const binary = suffix.endsWith('i')
  const scale = NANO + powerOf(suffix, exponent) - fraction.length
  const amount = BigInt(`${whole}${fraction}`) * (binary ? 1024n ** BigInt(BINARY.indexOf(suffix)) : 1n)
  const nanos = scale >= 0 ? amount * 10n ** BigInt(scale) : roundUp(amount, 10n ** BigInt(-scale))
  return { nanos: sign === '-' ? -nanos : nanos, binary }
}

function powerOf(suffix: string, exponent: string | undefined): number {
  if (exponent !== undefined) return Number(exponent)
  return suffix.endsWith('i') ? 0 : (DECIMAL.indexOf(suffix) - DECIMAL.indexOf('')) * 3
}

function roundUp(amount: bigint, by: bigint): bigint {
  return (amount + by - 1n) / by
}

/** The one way the API server writes a quantity back; the text itself when it is no quantity. */
export function canonicalQuantity(text: string): string {
  const quantity = parseQuantity(text)
  if (quantity === undefined) return text
  if (quantity.nanos === 0n) return '0'
  const exponent = /[eE]([+-]?\d+)$/.exec(text)
  return exponent === null ? print(quantity) : printExponent(quantity)
}

function print({ nanos, binary }: Quantity): string {
  const unit = 10n ** BigInt(NANO)
  if (binary && nanos % unit === 0n) {
    const [amount, steps] = reduce(nanos / unit, 1024n, BINARY.length - 1)
    if (nanos / unit >= 1024n || nanos / unit <= -1024n || steps === 0) return `${amount}${BINARY[steps]}`
  }
  const [amount, steps] = reduce(nanos, 1000n, DECIMAL.length - 1)
  return `${amount}${DECIMAL[steps]}`
}

function printExponent({ nanos }: Quantity): string {
  const [amount, steps] = reduce(nanos, 1000n, 20)
  const power = steps * 3 - NANO
  return power === 0 ? `${amount}` : `${amount}e${power}`
}

function reduce(amount: bigint, by: bigint, most: number): readonly [bigint, number] {
  let rest = amount
  let steps = 0
  while (steps < most && rest % by === 0n) {
    rest /= by
    steps += 1
  }
  return [rest, steps]
}
