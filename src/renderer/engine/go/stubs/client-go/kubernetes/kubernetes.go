// Package kubernetes stands in for k8s.io/client-go/kubernetes, which Helm imports only to keep it in the build.
package kubernetes
