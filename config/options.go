package config

// Options are the values of a section as they were when the application was
// built; they never change. [Configure] provides them (.NET: IOptions<T>, OP-1).
type Options[T any] struct{ value *T }

// Value returns the values. They are shared and must not be changed.
func (o *Options[T]) Value() *T { return o.value }

// Snapshot are the values of a section as they were when its scope first asked
// for them: they stay the same during one unit of work, whatever is reloaded
// meanwhile. [Configure] provides it in each scope (.NET: IOptionsSnapshot<T>,
// OP-2).
type Snapshot[T any] struct{ values *values[T] }

// Value returns the values of the default name, see [Monitor.Current].
func (s *Snapshot[T]) Value() *T { return s.values.main }

// Get returns the values of a name, see [Monitor.Get].
func (s *Snapshot[T]) Get(name string) (*T, bool) { return s.values.get(name) }

// OptionsOption says how the values of a section are made; see [Configure].
type OptionsOption[T any] interface{ applyTo(*recipe[T]) }

// recipe is how a T is made: the default, the section, every post, then every
// validate (OP-4).
type recipe[T any] struct {
	defaults T
	bind     []BindOption
	post     []func(*T)
	validate []func(*T) error
}

type optionsOption[T any] func(*recipe[T])

func (o optionsOption[T]) applyTo(r *recipe[T]) { o(r) }

// Default gives the values that keys which are not configured have. What it
// points to is never written to.
func Default[T any](value T) OptionsOption[T] {
	return optionsOption[T](func(r *recipe[T]) { r.defaults = value })
}

// PostConfigure has f complete the values after the section was read and before
// they are checked. Several run in the order in which they are given (OP-4). f may
// replace a map, list or pointer; it must not write into one, which may be that of
// the Default.
func PostConfigure[T any](f func(*T)) OptionsOption[T] {
	return optionsOption[T](func(r *recipe[T]) { r.post = append(r.post, f) })
}

// Validate has f check the values, each time they are read. All validators run,
// and what they return is reported together (OP-6). A [*KeyError] that f returns
// or joins, with a Key below the section, gets the value, the source and the line
// of that key:
//
//	return &config.KeyError{Key: "Interval", Err: errors.New("must be less than Timeout")}
//
// A type that has a method Validate() error is checked by that, too. f must
// neither change the values nor load the Manager.
func Validate[T any](f func(*T) error) OptionsOption[T] {
	return optionsOption[T](func(r *recipe[T]) { r.validate = append(r.validate, f) })
}

// Binding changes how the section is read, see [Manager.Bind].
func Binding[T any](opts ...BindOption) OptionsOption[T] {
	return optionsOption[T](func(r *recipe[T]) { r.bind = append(r.bind, opts...) })
}
