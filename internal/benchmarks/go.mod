module github.com/fxhost/fxhost/internal/benchmarks

go 1.25.0

replace github.com/fxhost/fxhost => ../..

require (
	github.com/fxhost/fxhost v0.0.0-00010101000000-000000000000
	github.com/samber/do/v2 v2.0.0
	go.uber.org/dig v1.19.0
	go.uber.org/fx v1.24.0
)

require (
	github.com/samber/go-type-to-string v1.8.0 // indirect
	go.uber.org/multierr v1.10.0 // indirect
	go.uber.org/zap v1.28.0 // indirect
	golang.org/x/sys v0.29.0 // indirect
)
