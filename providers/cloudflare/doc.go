// Package cloudflare asks Cloudflare: the token that it is asked with, the
// accounts and zones that this sees, R2's buckets and their domains, the tokens
// that are S3 keys, and address records. It uses the service packages of
// cloudflare-go one by one, since its root package links all of them, and reads
// errors from the answers themselves, since those of cloudflare-go can print
// the request. Paths name operations of https://developers.cloudflare.com/api.
package cloudflare
