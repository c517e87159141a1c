declare const keyType: unique symbol

/** Mark of records that are keyed: `Key` has the fields of the key, `unknown` where it is a function. Nothing at run time. */
export interface KeyedBy<out Key> {
  readonly [keyType]?: Key
}

/** Records of type `T` keyed by `Option`. */
export type Keyed<T, Option> = T & KeyedBy<KeyFields<T, Option>>

type KeyFields<T, Option> = Option extends keyof T
  ? Pick<T, Option>
  : Option extends readonly (infer Name)[]
    ? Pick<T, Name & keyof T>
    : unknown
