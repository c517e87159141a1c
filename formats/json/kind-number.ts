import type { FieldKind } from '../../core/model/field-type.ts'

/** Numbers for the kinds, so that the branch per value is a jump; assembly/read.ts of the kernel has the same. */
export const KIND_NUMBER: Readonly<Record<FieldKind, number>> = {
  string: 0,
  boolean: 1,
  int32: 2,
  int64: 3,
  integer: 4,
  float64: 5,
  decimal: 6,
  timestamp: 7,
  date: 8,
  binary: 9,
}
