/** All that an iterable gives. */
export async function collect<Item>(source: AsyncIterable<Item> | Iterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of source) items.push(item);
  return items;
}
