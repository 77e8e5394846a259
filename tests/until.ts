/** Asks until the answer is as wanted; the test's own limit ends it. */
export async function until<T>(
  ask: () => PromiseLike<T>,
  isWanted: (answer: T) => boolean,
): Promise<T> {
  for (;;) {
    const answer = await ask()
    if (isWanted(answer)) return answer
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
