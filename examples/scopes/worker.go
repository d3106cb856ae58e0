package main

import (
	"context"
	"database/sql"
	"fmt"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/hosted/scope"
)

// Worker receives orders from the queue and handles each in its own scope.
type Worker struct {
	background.BackgroundService
	queue  *Queue
	scopes *scope.Factory
	log    *zap.Logger
}

// NewWorker is called by fx. The worker is a singleton, so it cannot take a Handler.
// It takes a Factory, which opens scopes.
func NewWorker(queue *Queue, scopes *scope.Factory, log *zap.Logger) *Worker {
	return &Worker{queue: queue, scopes: scopes, log: log}
}

// ExecuteAsync runs until the host stops. If an order fails, it logs that and
// continues with the next one.
func (w *Worker) ExecuteAsync(ctx context.Context) error {
	for {
		order, err := w.queue.Receive(ctx)
		if err != nil {
			return err // the host ignores it if ctx has ended
		}
		if err := w.handle(ctx, order); err != nil {
			w.log.Error("order failed", zap.String("order", order.ID), zap.Error(err))
			continue
		}
		w.log.Info("order handled", zap.String("order", order.ID))
	}
}

// handle opens a scope, handles the order in it, and closes it. A panic becomes an
// error of this order, so that it does not stop the worker.
func (w *Worker) handle(ctx context.Context, order Order) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("panic: %v", value)
		}
	}()
	return w.scopes.Run(ctx, func(ctx context.Context, handler *Handler, tx *sql.Tx) error {
		if err := handler.Handle(ctx); err != nil {
			return err // the scope rolls back
		}
		return tx.Commit()
	}, scope.With(order))
}
