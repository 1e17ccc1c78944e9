import type { BrokenDocument, SourceFile, StyrminDocument } from '../../domain/documents.ts'
import type { Problem, ProblemCode } from '../../domain/problem.ts'
import type { SourceRef } from '../../domain/source.ts'
import { parseYaml, type TextPlace } from '../../util/yaml.ts'
import { decodeText, placeOfByte } from './decode-text.ts'
import { isLink } from './own-files.ts'
import { readYamlDocument } from './read-yaml-document.ts'

/** What one file says. */
export interface FileReading {
  readonly documents: readonly StyrminDocument[]
  /** Documents with errors whose identity can be read. */
  readonly broken: readonly BrokenDocument[]
  readonly problems: readonly Problem[]
  /** Whether a deployment may be hidden in what could not be read. */
  readonly unsure: boolean
}

/** Larger files are not read: a document has no use for more. */
export const MAX_FILE_BYTES = 1024 * 1024

const LFS_POINTER = 'version https://git-lfs.github.com/spec/'
const MENTION = 'styrmin.io'

/**
 * Reads all documents of one file.
 *
 * Shape:  depends on path and content only, so the result can be kept under both.
 * Order:  documents as in the file; problems as found.
 * Errors: none thrown; all problems of all documents are listed.
 */
export function readFileDocuments(file: SourceFile): FileReading {
  const start = { file: file.path, line: 1, col: 1 }
  if (isLink(file.mode)) return readLink(file, start)
  if (file.bytes === 'too-large' || file.bytes.length > MAX_FILE_BYTES)
    return unread('STY110', 'the file is larger than 1 MiB and is not read', 'Split the file.', start)
  const decoded = decodeText(file.bytes)
  if ('text' in decoded) return readText(file.path, decoded.text)
  if (!decoded.guess.includes(MENTION)) return NOTHING
  const message = `the file is no UTF-8 text (byte ${decoded.badOffset})`
  return unread('STY109', message, 'Save it as UTF-8.', {
    file: file.path,
    ...placeOfByte(file.bytes, decoded.badOffset),
  })
}

const NOTHING: FileReading = { documents: [], broken: [], problems: [], unsure: false }

function readLink({ mode }: SourceFile, at: SourceRef): FileReading {
  return mode === '120000'
    ? unread('STY150', 'the file is a symbolic link; links are not followed', 'Put the document itself here.', at)
    : unread('STY151', 'this is a submodule; submodules are not read', 'Put the documents into this repository.', at)
}

function readText(path: string, text: string): FileReading {
  const start = { file: path, line: 1, col: 1 }
  if (text.startsWith(LFS_POINTER))
    return unread(
      'STY153',
      'the file is a Git LFS pointer',
      'Take the path out of Git LFS and commit the document itself.',
      start,
    )
  const mentions = text.includes(MENTION)
  const placed = ({ line, col }: TextPlace): SourceRef => ({ file: path, line, col })
  const readings = parseYaml(text).map((document) => readYamlDocument(document, { placed, mentions }))
  return {
    documents: readings.flatMap(({ document }) => (document === undefined ? [] : [document])),
    broken: readings.flatMap(({ broken }) => (broken === undefined ? [] : [broken])),
    problems: readings.flatMap(({ problems }) => problems),
    unsure: readings.some(({ unsure }) => unsure),
  }
}

function unread(code: ProblemCode, message: string, hint: string, at: SourceRef): FileReading {
  return { ...NOTHING, problems: [{ code, severity: 'error', message, hint, at }], unsure: true }
}
