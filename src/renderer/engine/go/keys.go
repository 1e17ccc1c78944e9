package main

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"reflect"
	"unsafe"
)

const (
	privateKeyBits  = 4096 // genPrivateKey "rsa"
	certificateBits = 2048 // genCA, genSelfSignedCert, genSignedCert
	rsaExponent     = 65537
)

// prime lets the host find the next prime of the current stream: the same search takes up to ten seconds in here.
// The prime is written big-endian, with its two highest bits set.
//
//go:wasmimport styrmin prime
func prime(bits uint32, at unsafe.Pointer)

// rsaKeyPEM is what sprig makes of rsa.GenerateKey.
func rsaKeyPEM(bits uint32) string {
	key := rsaKey(bits)
	for key == nil {
		key = rsaKey(bits)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
}

// rsaKey makes a key of two primes; nil for the rare two that make none.
func rsaKey(bits uint32) *rsa.PrivateKey {
	one := big.NewInt(1)
	p, q := hostPrime(bits/2), hostPrime(bits/2)
	phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	d := new(big.Int).ModInverse(big.NewInt(rsaExponent), phi)
	if p.Cmp(q) == 0 || d == nil {
		return nil
	}
	key := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: rsaExponent},
		D:         d, Primes: []*big.Int{p, q},
	}
	key.Precompute()
	if key.Validate() != nil {
		return nil
	}
	return key
}

func hostPrime(bits uint32) *big.Int {
	bytes := make([]byte, bits/8)
	prime(bits, unsafe.Pointer(unsafe.SliceData(bytes)))
	return new(big.Int).SetBytes(bytes)
}

// withKey turns sprig's gen…WithKey into its gen…, giving it a key from the host.
func withKey(genWithKey, gen any) any {
	function := reflect.ValueOf(genWithKey)
	return reflect.MakeFunc(reflect.TypeOf(gen), func(args []reflect.Value) []reflect.Value {
		return function.Call(append(args, reflect.ValueOf(rsaKeyPEM(certificateBits))))
	}).Interface()
}

// keyOf is sprig's genPrivateKey with RSA keys from the host.
func keyOf(genPrivateKey any) any {
	original := genPrivateKey.(func(string) string)
	return func(kind string) string {
		if kind == "" || kind == "rsa" {
			return rsaKeyPEM(privateKeyBits)
		}
		return original(kind)
	}
}
