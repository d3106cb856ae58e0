package logging

import (
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/category"
)

// Factory makes loggers of any category (.NET: ILoggerFactory). Package host
// provides it; another application of fx gets it by fx.Provide(logging.NewFactory).
// Safe for concurrent use.
type Factory struct{ root *zap.Logger }

// NewFactory returns a factory of loggers that are those of root in all but the
// category.
func NewFactory(root *zap.Logger) *Factory { return &Factory{root} }

// CreateLogger returns a logger whose category is name, wherever it is called. The
// *zap.Logger of a hosted service, or of what is below [Category], has the category of that instead, and
// its method Named adds to it.
func (f *Factory) CreateLogger(name string) *zap.Logger { return category.Named(f.root, name) }
