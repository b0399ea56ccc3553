using Gatehouse.Provisioning.AccessPolicies;

namespace Gatehouse.Provisioning.ServiceDoor.AuthorizationPolicies;

internal static class PolicyAnswer
{
    /// <summary>Without its keys.</summary>
    internal static ServiceAnswer Of(PolicyRow row) => Of(PolicyDocument.Of(row));

    internal static ServiceAnswer Of(PolicyDocument document) => ServiceAnswer.Json(document, ProvisioningJson.Types.PolicyDocument, document.Etag);
}
