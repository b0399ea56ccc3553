using Gatehouse.Provisioning.Issuance;

namespace Gatehouse.Provisioning.ServiceDoor.CredentialPolicies;

internal static class CredentialPolicyAnswer
{
    internal static ServiceAnswer Of(CredentialPolicyRow row)
    {
        var document = CredentialPolicyDocument.Of(row);
        return ServiceAnswer.Json(document, ProvisioningJson.Own.CredentialPolicyDocument, document.Etag);
    }
}
