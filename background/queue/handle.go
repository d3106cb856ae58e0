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

// Handler handles messages of type M, which is a plain struct. Each attempt at a
// message has a new Handler, in a scope of its own.
type Handler[M any] interface {
	// Handle returns nil when the message is done. After an error or a panic, the
	// message is tried again (see [Attempts] and [Backoff]), unless the error is
	// [Permanent].
	//
	// ctx ends after the [Timeout], shortly before the shutdown timeout of a host that is
	// stopping, and when another process has taken over the message. In the last case,
	// its cause is [ErrLost]. It does not end when Handle returns.
	Handle(ctx context.Context, message M) error
}

// HandlerFunc makes a [Handler] of a function.
type HandlerFunc[M any] func(ctx context.Context, message M) error

// Handle calls f.
func (f HandlerFunc[M]) Handle(ctx context.Context, message M) error { return f(ctx, message) }

// Handle registers the handler of messages of type M, and makes [Sender][M] injectable.
// constructor returns a [Handler] of M, and is called for each attempt at a message.
// See [scope.Provide] for what it may take. Instead of a constructor, it may be a
// Handler, such as a [HandlerFunc], which then handles all messages, and several at a
// time with [Concurrency].
//
// A hosted service receives the messages. When the host stops, the service receives
// no more messages, and handlers may finish. Shortly before the shutdown timeout, the
// contexts of those that still run end, and their messages are given back.
//
// The messages go through the engine of the application, or through memory if there is
// none (see [UseMemory]). An application handles or declares a type of message once. It
// needs scope.Module and a *zap.Logger, which package host has.
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

// Declare makes [Sender][M] and [Consumer][M] injectable in a program without a
// [Handle] of M: another program handles the messages, or a loop over Consumer.All does.
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
