package queue

import (
	"context"
	"fmt"
	"reflect"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/internal/caller"
)

// Handler handles messages of type M, which is a plain struct. One is made for each
// attempt at each message, in a scope of its own.
type Handler[M any] interface {
	// Handle returns nil when the message is done. After an error, or a panic, it is
	// tried again (see [Attempts] and [Backoff]), unless the error is [Permanent].
	//
	// ctx ends with [Timeout], when the host cannot wait any longer for its stop, and
	// when the message was taken over by another process: then its cause is [ErrLost].
	// It does not end when Handle returns.
	Handle(ctx context.Context, message M) error
}

// HandlerFunc is a function as a [Handler].
type HandlerFunc[M any] func(ctx context.Context, message M) error

// Handle calls f.
func (f HandlerFunc[M]) Handle(ctx context.Context, message M) error { return f(ctx, message) }

// Handle registers constructor, which returns a [Handler] of M for each message, in
// the scope of the message (see [scope.Provide] for what it may take), and a hosted
// service that receives the messages and has them handled, at least once each. In
// place of a constructor, there may be a Handler, such as a [HandlerFunc]: it handles
// all messages, several at a time with [Concurrency]. Start and stop
// are those of every hosted service: from the stop on it receives no more; what is
// being handled may go on as long as the host can wait, then its context ends, and
// what is not done is given back.
//
// [Sender][M] becomes injectable. The messages go to the [Transport] of the
// application; without one, they are kept in memory (see [UseMemory]).
//
// A type of message is handled or declared once in an application. The application
// needs what [hosted.AddHostedService] and package scope need, and a *zap.Logger.
func Handle[M any](constructor any, options ...Option) fx.Option {
	message, s := reflect.TypeFor[M](), newSettingsOf[M](options)
	constructor, err := handlerConstructor[M](constructor)
	if err != nil {
		s.mistake("%w", err)
	}
	if s.err != nil {
		return mistake("Handle", message, s.err)
	}
	return fx.Options(
		scope.Bind[Handler[M]](constructor), provide[M](s, true),
		hosted.AddHostedService[*service[M]](func(t *topicOf[M]) *service[M] { return &service[M]{of: t} }, s.serviceOptions()...),
	)
}

// Declare makes [Sender][M] and [Consumer][M] injectable in a program that does not
// handle the messages by [Handle]: another one does, or a loop over [Consumer].All.
func Declare[M any](options ...Option) fx.Option {
	message, s := reflect.TypeFor[M](), newSettingsOf[M](options)
	if s.err != nil {
		return mistake("Declare", message, s.err)
	}
	return fx.Options(
		provide[M](s, false), fx.Provide(newConsumer[M]),
		hosted.AddHostedService[*opener[M]](func(t *topicOf[M]) *opener[M] { return &opener[M]{t} }, s.serviceOptions()...),
	)
}

func newSettingsOf[M any](options []Option) settings {
	message := reflect.TypeFor[M]()
	s := newSettings(message, options)
	if _, ok := s.key.(func(M) string); s.key != nil && !ok {
		s.mistake("queue.KeyBy: function is a %T, want a func(%v) string", s.key, message)
	}
	if message.Kind() == reflect.Interface {
		s.mistake("an interface is no message: nothing could be decoded into it")
	}
	return s
}

func mistake(option string, message reflect.Type, err error) fx.Option {
	return fx.Error(fmt.Errorf("queue: %s[%v] at %v: %w", option, message, caller.Here(), err))
}

// handlerConstructor returns the constructor of a Handler. Its error says more than
// that of scope.Bind could.
func handlerConstructor[M any](given any) (any, error) {
	if h, ok := given.(Handler[M]); ok {
		if v := reflect.ValueOf(h); (v.Kind() == reflect.Pointer || v.Kind() == reflect.Func) && v.IsNil() {
			return nil, fmt.Errorf("handler is a %T that is nil", given)
		}
		return func() HandlerFunc[M] { return h.Handle }, nil // which the scope does not close
	}
	message := reflect.TypeFor[M]()
	fn := reflect.TypeOf(given)
	switch {
	case fn == nil || fn.Kind() != reflect.Func:
		return nil, fmt.Errorf("constructor is a %T, want a function that returns a handler, or a handler%s", given, needs[M](fn))
	case fn.ConvertibleTo(reflect.TypeFor[HandlerFunc[M]]()):
		return nil, fmt.Errorf("a function that handles messages is given as queue.HandlerFunc[%v](function)", message)
	case fn.NumOut() == 0:
		return nil, fmt.Errorf("constructor is a %T, want a function that returns a handler", given)
	case fn.Out(0).Implements(reflect.TypeFor[Handler[M]]()):
		return given, nil
	}
	return nil, fmt.Errorf("constructor is a %T%s", given, needs[M](fn.Out(0)))
}

// needs says what keeps a type from being a Handler.
func needs[M any](t reflect.Type) string {
	if t == nil {
		return ""
	}
	signature := fmt.Sprintf("Handle(ctx context.Context, message %v) error", reflect.TypeFor[M]())
	if method, found := t.MethodByName("Handle"); found {
		return fmt.Sprintf(": the Handle of %v is a %v, want %s", t, method.Type, signature)
	}
	return fmt.Sprintf(": %v needs a method %s", t, signature)
}

// provide is what Handle and Declare have in common.
func provide[M any](s settings, handled bool) fx.Option {
	place := caller.Here()
	return fx.Options(
		fx.Provide(
			func(in topicParams) *topicOf[M] {
				return &topicOf[M]{topic: newTopic(in, s, reflect.TypeFor[M](), handled), factory: in.Factory}
			},
			func(t *topicOf[M]) Sender[M] { return t },
			func(t *topicOf[M]) inGroup { return inGroup{Topic: t.topic} },
			func() namesInGroup { return namesInGroup{Names: s.queueNames()} },
		),
		// Not in the constructor: fx would say who takes what of ours.
		fx.Invoke(func(t *topicOf[M]) error {
			if t.err != nil {
				return fmt.Errorf("queue: %v at %v: %w", t.message, place, t.err)
			}
			return nil
		}),
	)
}

func (s *settings) serviceOptions() []hosted.ServiceOption {
	return append([]hosted.ServiceOption{hosted.Name("queue." + s.name)}, s.service...)
}

// inGroup and namesInGroup tell all others which types of message there are.
type (
	inGroup struct {
		fx.Out

		Topic *topic `group:"fxhost.queue"`
	}
	namesInGroup struct {
		fx.Out

		Names []string `group:"fxhost.queue.names,flatten"`
	}
)
