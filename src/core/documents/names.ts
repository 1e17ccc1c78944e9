/** Whether a text is a DNS label, as the schemas ask of every name. */
export function isName(text: string): boolean {
  return text.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(text)
}

/** What is wrong with a name and how it could read, or `undefined` when the rule is not one of names. */
export function nameFault(name: string, rule: string): { readonly message: string; readonly hint: string } | undefined {
  const hidden = hiddenCharacter(name)
  if (hidden !== undefined)
    return { message: `it holds the invisible character ${hidden}`, hint: 'Type the name again by hand.' }
  if (!rule.startsWith('must be lower-case letters')) return undefined
  const odd = /[^\x20-\x7e]/u.exec(plain(name))?.[0]
  const message = odd === undefined ? JSON.stringify(name.slice(0, 80)) : `${JSON.stringify(odd)} is ${codePoint(odd)}`
  const usable = odd === undefined ? usableName(name) : ''
  return { message, hint: usable === '' ? `It ${rule}.` : `Write "${usable}"; it ${rule}.` }
}

/** Without accents. */
function plain(name: string): string {
  return name.normalize('NFKD').replace(/\p{M}/gu, '')
}

function usableName(name: string): string {
  return plain(name)
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '')
}

/** Control characters, direction marks and zero-width characters: what makes a text read other than it is. */
const HIDDEN =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/u
/** Of those, what no value may hold either; joiners stay allowed, because scripts and emoji need them. */
const REFUSED_IN_VALUES = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u202a-\u202e\u2066-\u2069]/u

/** The first invisible character of a name as `U+202E`. */
function hiddenCharacter(text: string): string | undefined {
  return codePointOf(HIDDEN.exec(text))
}

/** The first control character or direction override of any text as `U+202E`. */
export function refusedCharacter(text: string): string | undefined {
  return codePointOf(REFUSED_IN_VALUES.exec(text))
}

function codePointOf(match: RegExpExecArray | null): string | undefined {
  return match === null ? undefined : codePoint(match[0])
}

function codePoint(char: string): string {
  return `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}
