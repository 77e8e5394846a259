/** The callers that this process has counted on the current day. */
export type Seen = {
  has(day: string, caller: string): boolean
  add(day: string, caller: string): void
}

/** A longer name is not worth its memory: user agents can be kilobytes of anything. */
const MAX_CALLER_LENGTH = 512

/**
 * A bounded memory in two generations: when the young one is full it becomes the old one, and what
 * is asked for again moves back to the young. A forgotten caller costs one write more, never a
 * wrong number.
 */
export function createSeen(generation = 50_000): Seen {
  let today = ''
  let young = new Set<string>()
  let old = new Set<string>()

  function remember(caller: string) {
    if (young.size >= generation) {
      old = young
      young = new Set()
    }
    young.add(caller)
  }

  return {
    has(day, caller) {
      if (day !== today) return false
      if (young.has(caller)) return true
      if (!old.has(caller)) return false
      remember(caller)
      return true
    },
    add(day, caller) {
      if (caller.length > MAX_CALLER_LENGTH || day < today) return
      if (day > today) {
        today = day
        young = new Set()
        old = new Set()
      }
      remember(caller)
    },
  }
}
