//! Trust in a panel that no public authority vouches for.
//!
//! `ca_file` may hold a private authority's certificate or the panel's own. The first is
//! verified as always, name and validity included; the second is accepted when the panel shows
//! exactly that certificate, because most self-signed ones carry no usable name. Switching
//! verification off does not exist.

use std::sync::Arc;

use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::ring,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};

use super::Error;

/// A TLS configuration that trusts these certificates and nobody else.
pub(super) fn trusting(pem: &[u8]) -> Result<ClientConfig, Error> {
    let broken = || Error::unexpected("its ca_file holds no certificate in PEM form");
    let pinned: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|_| broken())?;
    let mut roots = RootCertStore::empty();
    if roots.add_parsable_certificates(pinned.iter().cloned()).0 == 0 {
        return Err(broken());
    }
    let provider = Arc::new(ring::default_provider());
    let authority = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .map_err(|_| broken())?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| broken())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Trust { pinned, authority }))
        .with_no_client_auth();
    Ok(config)
}

#[derive(Debug)]
struct Trust {
    pinned: Vec<CertificateDer<'static>>,
    authority: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.pinned.iter().any(|pinned| pinned == end_entity) {
            return Ok(ServerCertVerified::assertion());
        }
        self.authority.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.authority.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.authority.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authority.supported_verify_schemes()
    }
}
