import type { CodeCatalogue } from './catalogue.ts'

/** What can be wrong with a file of the repository by itself. */
export const DOCUMENT_CODES = {
  STY100: {
    title: 'not YAML',
    explanation: 'The text cannot be read as YAML; nothing that it may declare is deleted.',
  },
  STY101: { title: 'a key is there twice', explanation: 'Which of the two would count differs between readers.' },
  STY102: { title: 'too many aliases', explanation: 'Aliases expand to more than any document needs.' },
  STY103: { title: 'an anchor refers to itself', explanation: 'Such a value has no end.' },
  STY104: { title: 'nested too deeply', explanation: 'Nesting has a limit, so that every reader can follow.' },
  STY105: { title: 'a tag that is not read', explanation: 'Only the plain types of JSON are read.' },
  STY106: { title: 'a reserved key', explanation: 'These names mean something to JavaScript objects.' },
  STY107: { title: 'a number that cannot be kept', explanation: 'It has no exact form in JSON.' },
  STY108: { title: 'a key that is no text', explanation: 'Keys of JSON objects are texts.' },
  STY109: { title: 'not UTF-8', explanation: 'Files are read as UTF-8, with or without a byte order mark.' },
  STY110: {
    title: 'the file is too large',
    explanation: 'Documents larger than 1 MiB are not read; nothing in them is deleted.',
  },
  STY111: {
    title: 'merge keys are not read',
    explanation: 'YAML 1.2 has no merge keys; readers differ in what they mean.',
  },
  STY112: { title: 'apiVersion is nearly ours', explanation: 'Read as other YAML it would be silently ignored.' },
  STY113: { title: 'no such kind', explanation: 'The format has no document of this kind.' },
  STY114: {
    title: 'the kind is not carried out yet',
    explanation: 'The document is recognised, but nothing acts on it in this version.',
  },
  STY115: {
    title: 'the field is not carried out yet',
    explanation: 'The field is part of the format, but nothing acts on it in this version.',
  },
  STY116: {
    title: 'a value that readers take differently',
    explanation: 'YAML 1.1 and 1.2 read this plain text as different values.',
  },
  STY120: { title: 'unknown field', explanation: 'The format has no such field here.' },
  STY121: { title: 'wrong type', explanation: 'The value is of another type than the field.' },
  STY122: { title: 'a field is missing', explanation: 'The field must be there.' },
  STY123: { title: 'not one of the allowed values', explanation: 'The field takes only the values listed.' },
  STY124: { title: 'a value of the wrong form', explanation: 'The text does not have the form that the field needs.' },
  STY125: { title: 'not a usable name', explanation: 'Names become parts of hostnames, labels and object names.' },
  STY126: { title: 'out of range', explanation: 'The value is too small, too large, too short or too long.' },
  STY127: {
    title: 'an invisible character',
    explanation: 'Control characters and direction marks make a text read other than it is.',
  },
  STY130: {
    title: 'a driver in the wrong file',
    explanation: 'A driver is the one document of a file named driver.styrmin.yml, whose folder holds its parts.',
  },
  STY131: {
    title: 'declared twice in one driver',
    explanation: 'Names of parameters, services and actions are unique in a driver.',
  },
  STY132: { title: 'no such component', explanation: 'The driver refers to a component that it does not declare.' },
  STY133: { title: 'not a range of versions', explanation: 'supported_versions is a semver or PEP 440 range.' },
  STY134: {
    title: 'default_version is not supported',
    explanation: 'It lies outside supported_versions or is no version.',
  },
  STY135: {
    title: 'a parameter contradicts itself',
    explanation: 'Default, values and limits of a parameter must agree with its kind.',
  },
  STY136: {
    title: 'a pattern that is not read',
    explanation: 'Patterns that can take very long, or are no regular expression, are refused.',
  },
  STY150: { title: 'a symbolic link', explanation: 'Links are not followed; what they would hide is not deleted.' },
  STY151: { title: 'a submodule', explanation: 'Submodules are not read.' },
  STY152: {
    title: 'a path that cannot be used',
    explanation: 'It holds characters that cannot be shown or that other systems read differently.',
  },
  STY153: {
    title: 'a Git LFS pointer',
    explanation: 'The file holds a pointer and not the document; LFS is not read.',
  },
} as const satisfies CodeCatalogue
