/** Where the record under way ends; set by the loop over a run of records. */
export let end: i32 = 0
/** Memory for text that nobody wants. */
export let scratch: i32 = 0

export function setEnd(position: i32): void {
  end = position
}

export function setScratch(address: i32): void {
  scratch = address
}
