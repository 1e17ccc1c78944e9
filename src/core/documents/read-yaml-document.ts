import type { BrokenDocument, DocumentBase, StyrminDocument } from '../../domain/documents.ts'
import type { Problem, ProblemCode } from '../../domain/problem.ts'
import type { SourceRef } from '../../domain/source.ts'
import { isObject, type Json, type JsonObject, textAt } from '../../util/json.ts'
import { pointerTo } from '../../util/pointer.ts'
import { nearest, shorten } from '../../util/text.ts'
import type { TextPlace, YamlDocument, YamlFault } from '../../util/yaml.ts'
import { API_VERSION, belonging, KINDS, LATER_KINDS } from './belongs.ts'
import { checkDriver } from './check-driver.ts'
import { schemaErrors } from './check-schema.ts'
import { decodeDocument } from './decode-document.ts'
import { isName, refusedCharacter } from './names.ts'
import { notYet } from './not-yet.ts'
import { type Places, schemaProblems } from './schema-problems.ts'

/** What one document of a file says: itself, or what is wrong with it. */
export interface DocumentReading {
  readonly document?: StyrminDocument
  readonly broken?: BrokenDocument
  readonly problems: readonly Problem[]
  readonly unsure: boolean
}

/** What a document needs to know of its file. */
export interface FileFacts {
  readonly placed: (place: TextPlace) => SourceRef
  /** Whether the file names our format anywhere. */
  readonly mentions: boolean
}

type Kind = StyrminDocument['kind']

const NOTHING: DocumentReading = { problems: [], unsure: false }

/** Reads one YAML document; other people's documents give nothing. */
export function readYamlDocument(yaml: YamlDocument, { placed, mentions }: FileFacts): DocumentReading {
  const whose = belonging(yaml.value)
  const faults = yaml.faults.map((fault) => faultProblem(fault, placed(fault)))
  if (whose.kind === 'other') return faults.length > 0 && mentions ? { problems: faults, unsure: true } : NOTHING
  const places: Places = {
    placeOf: (pointer, what) => placed(yaml.placeOf(pointer, what)),
    sourceOf: yaml.sourceOf,
  }
  if (faults.length > 0) return broken(whose.root, placed(yaml.start), faults)
  if (whose.kind === 'near') return broken(whose.root, placed(yaml.start), [nearProblem(whose, places)])
  return readOwn(whose.root, yaml, placed, places)
}

function readOwn(root: JsonObject, yaml: YamlDocument, placed: FileFacts['placed'], places: Places): DocumentReading {
  const written = textAt(root, 'kind') ?? ''
  if (LATER_KINDS.includes(written)) return { problems: [laterKind(written, places)], unsure: false }
  const kind = KINDS.find((known) => known === written)
  if (kind === undefined) return broken(root, placed(yaml.start), [unknownKind(written, places)])
  const errors = [...schemaProblems(schemaErrors(kind, root), places), ...hiddenProblems(root, places)]
  if (errors.length > 0) return broken(root, placed(yaml.start), errors)
  const base: DocumentBase = { name: textAt(root, 'metadata', 'name') ?? '', at: placed(yaml.start), ...places }
  const document = decodeDocument(kind, root, base)
  const wrong = document.kind === 'ApplicationDriver' ? checkDriver(document) : []
  const warnings = [...notYet(kind, root, places), ...ambiguousProblems(yaml, placed)]
  if (wrong.length > 0) return broken(root, base.at, [...wrong, ...warnings])
  return { document, problems: warnings, unsure: false }
}

/** A document that cannot be used; one without a readable identity could be any deployment. */
function broken(root: JsonObject, at: SourceRef, problems: readonly Problem[]): DocumentReading {
  const kind = kindOf(textAt(root, 'kind'))
  const name = nameAt(root, 'name')
  if (kind === undefined || name === undefined) return { problems, unsure: true }
  const identity = identityOf(kind, root)
  if (kind === 'Deployment' && identity.environment === undefined) return { problems, unsure: true }
  return { broken: { kind, name, ...identity, at, problems }, problems, unsure: false }
}

function nameAt(root: JsonObject, field: string): string | undefined {
  const name = textAt(root, 'metadata', field)
  return name !== undefined && isName(name) ? name : undefined
}

function identityOf(kind: Kind, root: JsonObject): Pick<BrokenDocument, 'environment' | 'version'> {
  const environment = nameAt(root, 'environment')
  const version = textAt(root, 'spec', 'version')
  if (kind === 'Deployment' && environment !== undefined) return { environment }
  return kind === 'ApplicationDriver' && version !== undefined && /^[\w.+-]{1,63}$/.test(version) ? { version } : {}
}

function kindOf(text: string | undefined): Kind | undefined {
  return KINDS.find((known) => known === text)
}

const FAULTS: Readonly<Record<YamlFault['kind'], { readonly code: ProblemCode; readonly hint: string }>> = {
  syntax: { code: 'STY100', hint: 'Mend the YAML at this place.' },
  'duplicate-key': { code: 'STY101', hint: 'Remove one of the two.' },
  'alias-limit': { code: 'STY102', hint: 'Write the values out.' },
  cycle: { code: 'STY103', hint: 'Remove the alias that refers to its own anchor.' },
  depth: { code: 'STY104', hint: 'Nest less deeply.' },
  tag: { code: 'STY105', hint: 'Remove the tag and write a plain value.' },
  'reserved-key': { code: 'STY106', hint: 'Choose another key.' },
  number: { code: 'STY107', hint: 'Quote it, or write a number that can be kept.' },
  key: { code: 'STY108', hint: 'Write a plain text as the key.' },
  merge: { code: 'STY111', hint: 'Write the fields out.' },
}

function faultProblem({ kind, message }: YamlFault, at: SourceRef): Problem {
  const { code, hint } = FAULTS[kind]
  return { code, severity: 'error', message: message.replace(/\s*\n[\s\S]*$/, ''), hint, at }
}

function nearProblem({ key, found }: { readonly key: string; readonly found: string }, { placeOf }: Places): Problem {
  const pointer = pointerTo('', key)
  const exact = key === 'apiVersion'
  return {
    code: 'STY112',
    severity: 'error',
    message: exact
      ? `apiVersion ${JSON.stringify(shorten(found, 60))} is not ours, but nearly`
      : `the field "${key}" is nearly apiVersion`,
    hint: `Write apiVersion: ${API_VERSION}, the only version there is.`,
    at: placeOf(pointer, exact ? 'value' : 'key'),
  }
}

function laterKind(kind: string, { placeOf }: Places): Problem {
  return {
    code: 'STY114',
    severity: 'warning',
    message: `the kind ${kind} is not carried out yet`,
    hint: 'Leave it for a later version, or remove it.',
    at: placeOf('/kind'),
  }
}

function unknownKind(kind: string, { placeOf }: Places): Problem {
  const known = [...KINDS, ...LATER_KINDS]
  const near = nearest(kind, known)
  return {
    code: 'STY113',
    severity: 'error',
    message: kind === '' ? 'the document has no kind' : `there is no kind ${JSON.stringify(shorten(kind, 60))}`,
    hint: near === undefined ? `Write one of ${known.join(', ')}.` : `Did you mean ${near}?`,
    at: placeOf('/kind'),
  }
}

/** Control characters and direction overrides in keys and values of the whole document. */
function hiddenProblems(root: Json, { placeOf }: Places, pointer = ''): readonly Problem[] {
  if (typeof root === 'string') {
    const hidden = refusedCharacter(root)
    return hidden === undefined || /^\/metadata\/(name|environment)$/.test(pointer)
      ? []
      : [hiddenProblem('the value', hidden, placeOf(pointer))]
  }
  if (Array.isArray(root))
    return root.flatMap((item, index) =>
      hiddenProblems(item, { placeOf, sourceOf: () => undefined }, pointerTo(pointer, index)),
    )
  if (!isObject(root)) return []
  return Object.keys(root).flatMap((key) => {
    const here = pointerTo(pointer, key)
    const hidden = refusedCharacter(key)
    const own = hidden === undefined ? [] : [hiddenProblem('the key', hidden, placeOf(here, 'key'))]
    return [...own, ...hiddenProblems(root[key] ?? null, { placeOf, sourceOf: () => undefined }, here)]
  })
}

function hiddenProblem(what: string, hidden: string, at: SourceRef): Problem {
  return {
    code: 'STY127',
    severity: 'error',
    message: `${what} holds the character ${hidden}`,
    hint: 'Type the text again by hand.',
    at,
  }
}

const FREE = /^\/spec\/(config|parameters)\//

function ambiguousProblems({ ambiguous }: YamlDocument, placed: FileFacts['placed']): readonly Problem[] {
  return ambiguous
    .filter(({ pointer }) => FREE.test(pointer))
    .map((scalar) => ({
      code: 'STY116',
      severity: 'warning',
      message: `readers differ in what ${scalar.source} is: a text, a number or a boolean`,
      hint: `Quote it if it is a text: "${scalar.source}".`,
      at: placed(scalar),
    }))
}
