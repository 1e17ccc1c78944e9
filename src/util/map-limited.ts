/**
 * Maps with at most `limit` calls under way at once.
 *
 * Order:  answers stand in the order of the items, whatever finished first.
 * Errors: the first one thrown; no further item is begun after it, and those begun are waited for.
 */
export async function mapLimited<Item, Answer>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Answer>,
): Promise<readonly Answer[]> {
  const answers: Answer[] = []
  const failures: unknown[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < items.length && failures.length === 0) {
      const index = next++
      const item = items[index] as Item
      try {
        answers[index] = await work(item)
      } catch (failure) {
        failures.push(failure)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker))
  if (failures.length > 0) throw failures[0]
  return answers
}
