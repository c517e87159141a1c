/** A number in [0, 1) that depends on seed, sequence number and purpose alone. */
export function draw(seed: number, sequence: number, purpose: number): number {
  const salted = mixed(seed ^ Math.imul(purpose, 0x9e3779b1))
  return mixed(mixed(salted ^ sequence) + Math.imul(sequence, 0x85ebca6b)) / 4294967296
}

function mixed(value: number): number {
  let hash = value | 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad)
  hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97)
  return (hash ^ (hash >>> 15)) >>> 0
}
