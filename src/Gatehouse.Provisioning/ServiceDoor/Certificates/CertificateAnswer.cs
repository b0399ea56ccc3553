using Gatehouse.Provisioning.Certificates;

namespace Gatehouse.Provisioning.ServiceDoor.Certificates;

internal static class CertificateAnswer
{
    internal static ServiceAnswer Of(CaCertificateRow row, bool withCode = false)
    {
        var document = CaCertificateDocument.Of(row, withCode);
        return ServiceAnswer.Json(document, ProvisioningJson.Own.CaCertificateDocument, document.Etag);
    }
}
