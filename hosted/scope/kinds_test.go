package scope_test

import (
	"context"
	"reflect"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/hosted/scope"
)

// Types by the number, for graphs that a test makes up.
type (
	plain[N any]     struct{ *body }
	closing[N any]   struct{ *body }
	finishing[N any] struct{ *body }
	isKind[N any]    interface{ itsBody(n N) *body }
)

// body is what a value of these types holds.
type body struct {
	node  int
	args  []*body
	here  string // the goroutine that made it
	close func(context.Context) error
}

func (p *plain[N]) itsBody(N) *body                     { return p.body }
func (c *closing[N]) itsBody(N) *body                   { return c.body }
func (f *finishing[N]) itsBody(N) *body                 { return f.body }
func (c *closing[N]) Close() error                      { return c.close(context.Background()) }
func (f *finishing[N]) Close(ctx context.Context) error { return f.close(ctx) }

// kind is one number's types.
type kind struct {
	plain, closing, finishing, iface reflect.Type
	provide                          func(func() *body) fx.Option
	get                              func(*scope.Scope) (any, error)
	typed                            func(t reflect.Type, make func(*scope.Scope) (*body, error)) fx.Option
	ask                              func(t reflect.Type, s *scope.Scope) (any, error)
	singleton                        func(t reflect.Type) fx.Option
	wrap                             func(t reflect.Type, b *body) reflect.Value
	bodyOf                           func(any) *body
}

func kindOf[N any]() kind {
	var n N
	k := kind{
		plain:     reflect.TypeFor[*plain[N]](),
		closing:   reflect.TypeFor[*closing[N]](),
		finishing: reflect.TypeFor[*finishing[N]](),
		iface:     reflect.TypeFor[isKind[N]](),
	}
	k.provide = func(make func() *body) fx.Option {
		return scope.Provide(func() *plain[N] { return &plain[N]{make()} })
	}
	k.get = func(s *scope.Scope) (any, error) { return scope.Get[*plain[N]](s) }
	k.typed = func(t reflect.Type, make func(*scope.Scope) (*body, error)) fx.Option {
		switch t {
		case k.plain:
			return scope.Func(func(s *scope.Scope) (*plain[N], error) {
				b, err := make(s)
				return &plain[N]{b}, err
			})
		case k.closing:
			return scope.Func(func(s *scope.Scope) (*closing[N], error) {
				b, err := make(s)
				return &closing[N]{b}, err
			})
		case k.finishing:
			return scope.Func(func(s *scope.Scope) (*finishing[N], error) {
				b, err := make(s)
				return &finishing[N]{b}, err
			})
		default:
			return scope.Func(func(s *scope.Scope) (isKind[N], error) {
				b, err := make(s)
				return &closing[N]{b}, err
			})
		}
	}
	k.ask = func(t reflect.Type, s *scope.Scope) (any, error) {
		switch t {
		case k.plain:
			return scope.Get[*plain[N]](s)
		case k.closing:
			return scope.Get[*closing[N]](s)
		case k.finishing:
			return scope.Get[*finishing[N]](s)
		default:
			return scope.Get[isKind[N]](s)
		}
	}
	k.singleton = func(t reflect.Type) fx.Option {
		switch t {
		case k.plain:
			return scope.Singleton[*plain[N]]()
		case k.closing:
			return scope.Singleton[*closing[N]]()
		case k.finishing:
			return scope.Singleton[*finishing[N]]()
		default:
			return scope.Singleton[isKind[N]]()
		}
	}
	k.wrap = func(t reflect.Type, b *body) reflect.Value {
		switch t {
		case k.plain:
			return reflect.ValueOf(&plain[N]{b})
		case k.finishing:
			return reflect.ValueOf(&finishing[N]{b})
		default:
			return reflect.ValueOf(&closing[N]{b})
		}
	}
	k.bodyOf = func(value any) *body {
		if is, ok := value.(isKind[N]); ok {
			return is.itsBody(n)
		}
		return nil
	}
	return k
}

var kinds = []kind{
	kindOf[[0]int](), kindOf[[1]int](), kindOf[[2]int](), kindOf[[3]int](), kindOf[[4]int](),
	kindOf[[5]int](), kindOf[[6]int](), kindOf[[7]int](), kindOf[[8]int](), kindOf[[9]int](),
	kindOf[[10]int](), kindOf[[11]int](), kindOf[[12]int](), kindOf[[13]int](), kindOf[[14]int](),
	kindOf[[15]int](), kindOf[[16]int](), kindOf[[17]int](), kindOf[[18]int](), kindOf[[19]int](),
	kindOf[[20]int](), kindOf[[21]int](), kindOf[[22]int](), kindOf[[23]int](), kindOf[[24]int](),
	kindOf[[25]int](), kindOf[[26]int](), kindOf[[27]int](), kindOf[[28]int](), kindOf[[29]int](),
	kindOf[[30]int](), kindOf[[31]int](), kindOf[[32]int](), kindOf[[33]int](),
}
