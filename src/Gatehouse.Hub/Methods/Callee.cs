using Gatehouse.Contracts.Identities;

namespace Gatehouse.Hub.Methods;

/// <summary>Who is called, and by whom a session may be found: a name that was deleted and made anew is somebody else.</summary>
/// <param name="Hub">Hub.</param>
/// <param name="Identity">Device or module.</param>
/// <param name="GenerationId">Null for any.</param>
internal readonly record struct Callee(HubName Hub, IdentityKey Identity, string? GenerationId)
{
    /// <summary>Whether a session of this one may take the call of the other.</summary>
    internal bool Takes(in Callee called) =>
        Hub == called.Hub && Identity == called.Identity && (GenerationId is null || called.GenerationId is null || GenerationId == called.GenerationId);
}
