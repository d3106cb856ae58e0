package scope_test

import (
	"context"
	"errors"
	"fmt"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/hosted/scope"
)

// Database is a singleton.
type Database struct{ open int }

func NewDatabase() *Database { return &Database{} }

// Tx is a transaction on it, one for each unit of work.
type Tx struct {
	db     *Database
	number int
}

func NewTx(db *Database) *Tx {
	db.open++
	fmt.Println("begin", db.open)
	return &Tx{db, db.open}
}

// Close is called when the scope is closed.
func (tx *Tx) Close() error {
	fmt.Println("end", tx.number)
	return nil
}

// Orders stores orders in a transaction.
type Orders struct{ tx *Tx }

func NewOrders(tx *Tx) *Orders { return &Orders{tx} }

func (o *Orders) Add(what string) { fmt.Println("add", what, "in", o.tx.number) }

// application is an fx application with a database and scopes.
func application(options ...fx.Option) *scope.Factory {
	var scopes *scope.Factory
	app := fx.New(fx.NopLogger, scope.Module(), fx.Provide(NewDatabase), fx.Options(options...), fx.Populate(&scopes))
	if err := app.Err(); err != nil {
		fmt.Println(err)
	}
	return scopes
}

// A unit of work has an Orders and a Tx of its own. All that takes the Tx in one
// scope has the same.
func ExampleFactory_Run() {
	scopes := application(scope.Provide(NewTx, NewOrders))

	for _, message := range []string{"tea", "milk"} {
		err := scopes.Run(context.Background(), func(orders *Orders, tx *Tx) error {
			orders.Add(message)
			fmt.Println("same:", orders.tx == tx)
			return nil
		})
		if err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// begin 1
	// add tea in 1
	// same: true
	// end 1
	// begin 2
	// add milk in 2
	// same: true
	// end 2
}

// By hand, where a function will not do. Nothing is made before it is asked for.
func ExampleGet() {
	scopes := application(scope.Provide(NewTx, NewOrders))

	ctx := context.Background()
	s := scopes.New(ctx)
	defer s.Close(ctx)
	fmt.Println("opened")
	orders, err := scope.Get[*Orders](s)
	if err != nil {
		fmt.Println(err)
		return
	}
	orders.Add("tea")
	// Output:
	// opened
	// begin 1
	// add tea in 1
	// end 1
}

// What a constructor cannot take by its parameters, a function asks for.
func ExampleFunc() {
	type Discount struct{ percent int }
	scopes := application(
		scope.Provide(NewTx, NewOrders),
		scope.Func(func(s *scope.Scope) (*Discount, error) {
			tx, err := scope.Get[*Tx](s)
			if err != nil {
				return nil, err
			}
			return &Discount{5 * tx.number}, nil
		}),
	)

	_ = scopes.Run(context.Background(), func(d *Discount) { fmt.Println(d.percent, "percent") })
	// Output:
	// begin 1
	// 5 percent
	// end 1
}

// Clock is what the application uses; where it comes from is the business of one
// line.
type Clock interface{ Now() string }

type sundial struct{ tx *Tx }

func (*sundial) Now() string { return "noon" }

func newSundial(tx *Tx) *sundial { return &sundial{tx} }

// A scoped value may be had as an interface only.
func ExampleBind() {
	scopes := application(scope.Provide(NewTx), scope.Bind[Clock](newSundial))

	_ = scopes.Run(context.Background(), func(clock Clock) { fmt.Println(clock.Now()) })
	// Output:
	// begin 1
	// noon
	// end 1
}

// A transient value is new for everyone who asks, within a scope too.
func ExampleTransient() {
	type Draft struct{ number int }
	drafts := 0
	scopes := application(scope.Transient(func() *Draft { drafts++; return &Draft{drafts} }))

	_ = scopes.Run(context.Background(), func(a, b *Draft) { fmt.Println(a.number, b.number) })
	// Output: 1 2
}

// The message, the request or the tenant comes from outside.
func ExampleWith() {
	type Message struct{ text string }
	type Greeter struct{ message Message }
	scopes := application(
		scope.Value[Message](),
		scope.Provide(func(m Message) *Greeter { return &Greeter{m} }),
	)

	for _, text := range []string{"hello", "good morning"} {
		_ = scopes.Run(context.Background(), func(g *Greeter) { fmt.Println(g.message.text) }, scope.With(Message{text}))
	}
	// Output:
	// hello
	// good morning
}

// The newest is closed first, and each failure is told.
func ExampleScope_Close() {
	type File struct{}
	type Report struct{}
	scopes := application(
		scope.Provide(
			NewTx,
			func(*Tx) (*File, func() error) {
				return &File{}, func() error { fmt.Println("close file"); return errors.New("disk full") }
			},
			func(*File) (*Report, func(context.Context) error, error) {
				return &Report{}, func(context.Context) error { fmt.Println("send report"); return nil }, nil
			},
		),
	)

	s := scopes.New(context.Background())
	if _, err := scope.Get[*Report](s); err != nil {
		fmt.Println(err)
	}
	err := s.Close(context.Background())
	fmt.Println("failed:", err != nil)
	_, err = scope.Get[*Report](s)
	fmt.Println(err)
	// Output:
	// begin 1
	// send report
	// close file
	// end 1
	// failed: true
	// scope: closed: *scope_test.Report is not available any more
}

// A scope travels with the context of a request, for code that is given nothing
// else.
func ExampleFrom() {
	scopes := application(scope.Provide(NewTx, NewOrders))
	handle := func(ctx context.Context) {
		s, ok := scope.From(ctx)
		if !ok {
			return
		}
		if orders, err := scope.Get[*Orders](s); err == nil {
			orders.Add("tea")
		}
	}

	ctx := context.Background()
	s := scopes.New(ctx)
	defer s.Close(ctx)
	handle(scope.NewContext(ctx, s))
	// Output:
	// begin 1
	// add tea in 1
	// end 1
}

// Names tell values of one type apart, as in fx.
func ExampleGetNamed() {
	type pair struct {
		fx.Out

		Read  *Tx `name:"read"`
		Write *Tx `name:"write"`
	}
	scopes := application(scope.Provide(func(db *Database) pair { return pair{Read: NewTx(db), Write: NewTx(db)} }))

	s := scopes.New(context.Background())
	tx, err := scope.GetNamed[*Tx](s, "write")
	fmt.Println(tx.number, err)
	fmt.Println(s.Close(context.Background()))
	// Output:
	// begin 1
	// begin 2
	// 2 <nil>
	// end 2
	// end 1
	// <nil>
}

// A singleton that no constructor of a scope takes.
func ExampleSingleton() {
	scopes := application(scope.Singleton[*Database]())

	err := scope.Do(context.Background(), scopes, func(_ context.Context, db *Database) error {
		fmt.Println("open transactions:", db.open)
		return nil
	})
	fmt.Println(err)
	// Output:
	// open transactions: 0
	// <nil>
}

// ValidateApp is for a test of an application that fx runs. NewOrders takes a *Tx,
// which nothing provides here.
func ExampleValidateApp() {
	err := scope.ValidateApp(fx.NopLogger, scope.Module(), fx.Provide(NewDatabase), scope.Provide(NewOrders))

	var missing *scope.MissingError
	fmt.Println(errors.As(err, &missing), missing.Type)
	// Output: true *scope_test.Tx
}

// A cache lives as long as the application, and would keep the transaction of the
// first unit of work.
func ExampleCaptiveError() {
	type cache struct{ tx *Tx }
	newCache := func(tx *Tx) *cache { return &cache{tx} }
	err := fx.New(fx.NopLogger, scope.Module(), fx.Provide(NewDatabase, newCache), scope.Provide(NewTx), fx.Invoke(func(*cache) {})).Err()

	var captive *scope.CaptiveError
	fmt.Println(errors.As(err, &captive), captive.Type)
	// Output: true *scope_test.Tx
}

// Two constructors that take each other's value fail the build.
func ExampleCycleError() {
	type left struct{}
	type right struct{}
	err := fx.New(fx.NopLogger, scope.Module(), scope.Provide(func(*right) *left { return nil }, func(*left) *right { return nil })).Err()

	var cycle *scope.CycleError
	fmt.Println(errors.As(err, &cycle), len(cycle.Chain))
	// Output: true 3
}

// A panic of a constructor is an error, with its stack for the log.
func ExamplePanicError() {
	scopes := application(scope.Provide(func(*Database) *Tx { panic("no room") }))
	err := scopes.Run(context.Background(), func(*Tx) {})

	var panicked *scope.PanicError
	fmt.Println(errors.As(err, &panicked), panicked.Value, len(panicked.Stack) > 0)
	// Output: true no room true
}
