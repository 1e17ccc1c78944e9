// Comes in: the files of a tree that may hold documents, with their bytes.
// Goes out: the documents as domain types, what is wrong with the others, and what could hide a deployment.
// Never: I/O, or a throw for what somebody wrote.
import type { BrokenDocument, SourceFile, StyrminDocument } from '../../domain/documents.ts'
import { compareProblems, type Problem } from '../../domain/problem.ts'
import { byText, compareText } from '../../util/json.ts'
import { refusedCharacter } from './names.ts'
import { type FileReading, readFileDocuments } from './read-file.ts'

/** What all files say together. */
export interface Reading {
  /** By file, then as in the file. */
  readonly documents: readonly StyrminDocument[]
  readonly broken: readonly BrokenDocument[]
  /** Sorted as `compareProblems` says. */
  readonly problems: readonly Problem[]
  /** Files that could hide a deployment: nothing may be deleted while there is one. Sorted. */
  readonly unsureFiles: readonly string[]
}

/**
 * Reads all documents of a tree.
 *
 * Shape:  `files` are those that `documentEntries` picks.
 * Order:  the same for any order of files.
 */
export function readDocuments(files: readonly SourceFile[]): Reading {
  return joinReadings(files.map((file) => ({ path: file.path, reading: readFileDocuments(file) })))
}

/** Joins readings of single files, new and remembered ones alike. */
export function joinReadings(readings: readonly { readonly path: string; readonly reading: FileReading }[]): Reading {
  const sorted = [...readings].sort(byText(({ path }) => path))
  return {
    documents: sorted.flatMap(({ reading }) => reading.documents),
    broken: sorted.flatMap(({ reading }) => reading.broken),
    problems: sorted.flatMap(({ path, reading }) => [...pathProblems(path), ...reading.problems]).sort(compareProblems),
    unsureFiles: sorted
      .filter(({ reading }) => reading.unsure)
      .map(({ path }) => path)
      .sort(compareText),
  }
}

function pathProblems(path: string): readonly Problem[] {
  const hidden = refusedCharacter(path) ?? (/[\t\n\r]/.test(path) ? 'a line break or tab' : undefined)
  if (hidden === undefined) return []
  const message = `the path holds ${hidden}`
  return [{ code: 'STY152', severity: 'error', message, hint: 'Rename the file.', at: { file: path, line: 1, col: 1 } }]
}
