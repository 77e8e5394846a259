const encoder = new TextEncoder()

/**
 * Whether `header` (`sha256=<64 hex>`) signs exactly these bytes with one of the secrets.
 * @see https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
 */
export async function isSigned(
  body: Uint8Array<ArrayBuffer>,
  header: string | undefined,
  secrets: string[],
): Promise<boolean> {
  const hex = header?.match(/^sha256=([0-9a-f]{64})$/)?.[1]
  if (hex === undefined) return false
  const signature = Uint8Array.from({ length: 32 }, (_, i) =>
    parseInt(hex.slice(2 * i, 2 * i + 2), 16),
  )
  for (const secret of secrets) {
    const key = await hmacKey(secret)
    if (await crypto.subtle.verify('HMAC', key, signature, body)) return true
  }
  return false
}

function hmacKey(secret: string): Promise<CryptoKey> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  return crypto.subtle.importKey('raw', encoder.encode(secret), algorithm, false, ['verify'])
}
