const DAY_MS = 86_400_000
let last = { number: Number.NaN, text: '' }

/** The UTC day of a moment, `YYYY-MM-DD`; the same text for the whole day, since all visits ask. */
export function utcDay(moment: Date): string {
  const number = Math.floor(moment.getTime() / DAY_MS)
  if (number !== last.number) last = { number, text: moment.toISOString().slice(0, 10) }
  return last.text
}
