using Gatehouse.Contracts.Credentials;

namespace Gatehouse.Hub.Registry;

/// <summary>Wire words of <c>authentication.type</c>.</summary>
internal static class CredentialWords
{
    internal static string Of(CredentialKind kind) => kind switch
    {
        CredentialKind.Sas => "sas",
        CredentialKind.SelfSigned => "selfSigned",
        CredentialKind.CertificateAuthority => "certificateAuthority",
        _ => "none",
    };
}
