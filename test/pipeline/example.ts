import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HISTORY } from '../../examples/history.ts'

/** The files of the example repository after each of its commits, oldest first. */
export async function exampleCommits(): Promise<
  readonly { readonly subject: string; readonly files: ReadonlyMap<string, string> }[]
> {
  const folder = await mkdtemp(join(tmpdir(), 'styrmin-example-'))
  try {
    const commits: { subject: string; files: ReadonlyMap<string, string> }[] = []
    for (const { subject, edit } of HISTORY) {
      await edit(folder)
      commits.push({ subject, files: await readTexts(folder) })
    }
    return commits
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function readTexts(folder: string): Promise<ReadonlyMap<string, string>> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const texts = await Promise.all(
    files.map(async (file) => [file.slice(folder.length + 1), await readFile(file, 'utf8')] as const),
  )
  return new Map(texts)
}
