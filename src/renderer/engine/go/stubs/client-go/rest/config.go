// Package rest stands in for k8s.io/client-go/rest: the engine has no cluster to talk to.
package rest

// Config is never filled.
type Config struct{}
