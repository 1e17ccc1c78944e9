/** Writes `docs/reference/` from code: codes, documents, commands. `pages()` is what the test compares with the files. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CodeCatalogue } from '../src/domain/codes/catalogue.ts'
import { type Json, listAt, objectAt, textAt } from '../src/util/json.ts'

const root = join(import.meta.dirname, '..')

/** Text of each generated page by its file name. */
export async function pages(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['codes.md', await codesPage()],
    ['documents.md', await documentsPage()],
  ])
}

async function codesPage(): Promise<string> {
  const folder = join(root, 'src/domain/codes')
  const files = (await readdir(folder)).filter((file) => file !== 'catalogue.ts').sort()
  const catalogues = await Promise.all(
    files.map(async (file) => Object.values((await import(join(folder, file))) as Record<string, CodeCatalogue>)),
  )
  const codes = catalogues.flat().flatMap((catalogue) => Object.entries(catalogue))
  codes.sort(([a], [b]) => (a < b ? -1 : 1))
  const sections = codes.map(([code, { title, explanation }]) => `## ${code}: ${title}\n\n${explanation}\n`)
  return `# Problem codes\n\nA code is permanent: retired, never reused.\n\n${sections.join('\n')}`
}

async function documentsPage(): Promise<string> {
  const folder = join(root, 'schemas')
  const files = (await readdir(folder)).filter((file) => file.endsWith('.schema.json')).sort()
  const sections = await Promise.all(
    files.map(async (file) => schemaSection(file, JSON.parse(await readFile(join(folder, file), 'utf8')) as Json)),
  )
  return `# Documents\n\nEvery field, from the JSON Schemas in \`schemas/\` that the parser itself uses.\n\n${sections.join('\n')}`
}

function schemaSection(file: string, schema: Json): string {
  const rows = fieldRows(schema, schema, '')
  const head = `## ${textAt(schema, 'title') ?? file}\n\n${textAt(schema, 'description') ?? ''}\n\n\`schemas/${file}\`\n`
  return `${head}\n| field | kind | required | meaning |\n|---|---|---|---|\n${rows.join('')}`
}

const MAX_DEPTH = 5

function fieldRows(whole: Json, schema: Json, path: string): readonly string[] {
  if (path.split('.').length > MAX_DEPTH) return []
  const required = new Set(listAt(schema, 'required'))
  return Object.entries(objectAt(schema, 'properties')).flatMap(([name, written]) => {
    const field = resolved(whole, written)
    const here = path === '' ? name : `${path}.${name}`
    const row = `| \`${here}\` | ${kindText(field)} | ${required.has(name) ? 'yes' : ''} | ${cell(textAt(field, 'description') ?? '')} |\n`
    return [
      row,
      ...fieldRows(whole, field, here),
      ...fieldRows(whole, resolved(whole, objectAt(field, 'items')), `${here}[]`),
    ]
  })
}

function resolved(whole: Json, schema: Json): Json {
  const reference = textAt(schema, '$ref')
  if (reference === undefined || !reference.startsWith('#/')) return schema
  return objectAt(whole, ...reference.slice(2).split('/'))
}

function kindText(field: Json): string {
  const choices = listAt(field, 'enum')
  if (choices.length > 0) return choices.map((choice) => `\`${JSON.stringify(choice).replaceAll('"', '')}\``).join(', ')
  const kind = textAt(field, 'type')
  return (
    kind ??
    (listAt(field, 'type').map(String).join(' or ') || (listAt(field, 'oneOf').length > 0 ? 'several forms' : ''))
  )
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

if (import.meta.main) {
  for (const [name, text] of await pages()) await writeFile(join(root, 'docs/reference', name), text)
}
