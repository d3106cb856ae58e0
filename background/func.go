package background

import (
	"context"
	"fmt"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/caller"
)

// Func registers fn as a background service called name. fn is called when the host
// starts, and its context ends when the host stops. Its error is a fault. A function
// that needs anything injected is better a type with [BackgroundService].
func Func(name string, fn func(ctx context.Context) error, options ...hosted.ServiceOption) fx.Option {
	if name == "" {
		return fx.Error(fmt.Errorf("background: Func at %v: name is empty", caller.Here()))
	}
	if fn == nil {
		return fx.Error(fmt.Errorf("background: Func(%q) at %v: function is nil", name, caller.Here()))
	}
	options = append([]hosted.ServiceOption{hosted.Name(name)}, options...)
	return hosted.AddFactory(func() hosted.HostedService { return &funcService{fn: fn} }, options...)
}

type funcService struct {
	BackgroundService
	fn func(context.Context) error
}

func (s *funcService) ExecuteAsync(ctx context.Context) error { return s.fn(ctx) }
