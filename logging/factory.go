package logging

import (
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/category"
)

// Factory creates loggers of any category (.NET: ILoggerFactory). Package host
// provides it; another fx application provides it by fx.Provide(logging.NewFactory). It
// is safe for concurrent use.
type Factory struct{ root *zap.Logger }

// NewFactory returns a factory of loggers that write to the same outputs as root. If
// root has a name, the categories are below it.
func NewFactory(root *zap.Logger) *Factory { return &Factory{root} }

// CreateLogger returns a logger of the category name, wherever it is called. In
// contrast, the *zap.Logger of a hosted service or within [Category] has a category
// already, and its method Named returns a logger of a category below that.
func (f *Factory) CreateLogger(name string) *zap.Logger { return category.Named(f.root, name) }
