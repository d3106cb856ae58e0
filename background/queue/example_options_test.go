package queue_test

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
)

// startExample starts an application, as package host does for a program.
func startExample(options ...fx.Option) (stop func()) {
	app := fx.New(
		fx.NopLogger, fx.Provide(zap.NewNop), scope.Module(), hosted.Module(), queue.Module(), fx.Options(options...),
	)
	check(app.Start(context.Background()))
	return func() { check(app.Stop(context.Background())) }
}

// Booking is a message about an account.
type Booking struct {
	Account string
	Amount  int
}

func (b Booking) Key() string { return b.Account }

// Bookings of one account are handled one after the other, in the order in which they
// were sent.
func ExampleOrdered() {
	var bookings queue.Sender[Booking]
	var done sync.WaitGroup
	balance := 0
	stop := startExample(
		queue.Handle[Booking](queue.HandlerFunc[Booking](func(_ context.Context, b Booking) error {
			defer done.Done()
			balance += b.Amount
			fmt.Println(b.Account, balance)
			return nil
		}), queue.Ordered(8), queue.KeyBy(Booking.Key)),
		fx.Populate(&bookings),
	)
	done.Add(3)
	check(bookings.SendAll(context.Background(), []Booking{{"ada", 100}, {"ada", -30}}))
	check(bookings.Send(context.Background(), Booking{"savings of ada", 5}, queue.Key("ada"))) // after those of ada
	done.Wait()
	stop()
	// Output:
	// ada 100
	// ada 70
	// savings of ada 75
}

// A message that has failed too often is a dead letter. When the cause is mended, it is
// sent again.
func ExampleQueues() {
	var greetings queue.Sender[Greet]
	var queues *queue.Queues
	var done sync.WaitGroup
	dead := make(chan string, 1)
	open := false
	stop := startExample(
		queue.Handle[Greet](queue.HandlerFunc[Greet](func(ctx context.Context, m Greet) error {
			if !open {
				dead <- m.Name
				return queue.Permanent(errors.New("the door is closed"))
			}
			defer done.Done()
			fmt.Println("hello", m.Name)
			return nil
		})),
		fx.Populate(&greetings, &queues),
	)
	ctx := context.Background()
	check(greetings.Send(ctx, Greet{"Ada"}, queue.ID("greeting-1"), queue.Header("from", "Charles")))
	<-dead
	for queues.List(ctx)[0].Stats.Dead == 0 { // a program would show it on a page
		time.Sleep(time.Millisecond)
	}
	for letter, err := range queues.DeadLetters(ctx, "Greet", queue.DeadLetterFilter{Reason: "door"}) {
		check(err)
		fmt.Println(letter.Reason, letter.Message.ID, letter.Message.Headers["from"], string(letter.Message.Body))
	}
	open = true
	done.Add(1)
	sent, err := queues.ResendAll(ctx, "Greet", queue.DeadLetterFilter{Reason: "door"})
	done.Wait()
	fmt.Println(sent, err)
	stop()
	// Output:
	// the door is closed greeting-1 Charles {"Name":"Ada"}
	// hello Ada
	// 1 <nil>
}

// Gob is a codec of package encoding/gob.
type Gob struct{}

func (Gob) ContentType() string { return "application/x-gob" }

func (Gob) Marshal(message any) ([]byte, error) {
	var buffer bytes.Buffer
	err := gob.NewEncoder(&buffer).Encode(message)
	return buffer.Bytes(), err
}

func (Gob) Unmarshal(body []byte, message any) error {
	return gob.NewDecoder(bytes.NewReader(body)).Decode(message)
}

// Messages may be encoded in any way.
func ExampleWithCodec() {
	var greetings queue.Sender[Greet]
	var done sync.WaitGroup
	stop := startExample(
		fx.Supply(&done), queue.Handle[Greet](NewGreetHandler, queue.WithCodec(Gob{})), fx.Populate(&greetings),
	)
	done.Add(1)
	check(greetings.Send(context.Background(), Greet{"Ada"}))
	done.Wait()
	stop()
	// Output: hello Ada from Greet
}

// Tenant is carried from the sender of a message to its handler.
type Tenant struct{}

type tenantKey struct{}

func (Tenant) Inject(ctx context.Context, headers map[string]string) {
	if tenant, ok := ctx.Value(tenantKey{}).(string); ok {
		headers["tenant"] = tenant
	}
}

func (Tenant) Extract(ctx context.Context, headers map[string]string) context.Context {
	return context.WithValue(ctx, tenantKey{}, headers["tenant"])
}

// What belongs to a context may reach the handler.
func ExamplePropagator() {
	var greetings queue.Sender[Greet]
	var done sync.WaitGroup
	stop := startExample(
		fx.Provide(func() queue.Propagator { return Tenant{} }),
		queue.Handle[Greet](queue.HandlerFunc[Greet](func(ctx context.Context, m Greet) error {
			defer done.Done()
			fmt.Println("hello", m.Name, "of", ctx.Value(tenantKey{}))
			return nil
		})),
		fx.Populate(&greetings),
	)
	done.Add(1)
	check(greetings.Send(context.WithValue(context.Background(), tenantKey{}, "Analytical Engines"), Greet{"Ada"}))
	done.Wait()
	stop()
	// Output: hello Ada of Analytical Engines
}

// Report is made by a task.
type Report struct{ text io.Writer }

// A task may be given what lives as long as it, made in a scope of its own.
func ExampleScoped() {
	var tasks *queue.TaskQueue
	var scopes *scope.Factory
	var text strings.Builder
	stop := startExample(
		scope.Provide(func() *Report { return &Report{&text} }),
		queue.AddTaskQueue(queue.TaskQueueOptions{Capacity: 10}),
		fx.Populate(&tasks, &scopes),
	)
	check(tasks.TryEnqueue(queue.Scoped(scopes, func(_ context.Context, r *Report) error {
		_, err := fmt.Fprint(r.text, "done")
		return err
	})))
	stop()
	fmt.Println(text.String())
	// Output: done
}
