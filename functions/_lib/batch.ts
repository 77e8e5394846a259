/**
 * Natural batching: one run at a time, and every item that arrives meanwhile shares the next run
 * and its result. Alone an item waits for nothing; under load the runs grow by themselves.
 * A run that fails fails every item of its own batch and no other.
 */
export function batch<Item, Result>(
  run: (items: Item[]) => Promise<Result>,
): (item: Item) => Promise<Result> {
  let next: Batch<Item, Result> | undefined
  let busy = false

  async function drain() {
    busy = true
    while (next) {
      const { items, resolve, reject } = next
      next = undefined
      await run(items).then(resolve, reject)
    }
    busy = false
  }

  return (item) => {
    next ??= { items: [], ...Promise.withResolvers<Result>() }
    next.items.push(item)
    const { promise } = next
    if (!busy) drain()
    return promise
  }
}

type Batch<Item, Result> = { items: Item[] } & PromiseWithResolvers<Result>
