using System.Xml;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Files;

namespace Gatehouse.Gateway.Http.Files;

/// <summary>The body of Put Block List: <c>&lt;BlockList&gt;&lt;Latest&gt;id&lt;/Latest&gt;…</c>. No entities, no DTD.</summary>
internal static class BlockList
{
    private static readonly XmlReaderSettings Settings = new() { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, IgnoreComments = true, IgnoreWhitespace = true, MaxCharactersInDocument = 8 << 20, CloseInput = false };

    internal static Result<IReadOnlyList<string>> Read(Stream body, int maxBlocks)
    {
        var ids = new List<string>();
        try
        {
            using var xml = XmlReader.Create(body, Settings);
            xml.MoveToContent();
            if (xml.Name != "BlockList")
            {
                return BlobErrors.InvalidXmlDocument;
            }

            for (xml.Read(); xml.NodeType == XmlNodeType.Element;)
            {
                // Committed names a block of a blob that is there: those are not kept apart.
                if (xml.Name is not ("Latest" or "Uncommitted"))
                {
                    return xml.Name == "Committed" ? BlobErrors.InvalidBlockList : BlobErrors.InvalidXmlDocument;
                }

                if (ids.Count == maxBlocks)
                {
                    return BlobErrors.BlockCountExceedsLimit;
                }

                ids.Add(xml.ReadElementContentAsString().Trim());
            }

            return Result<IReadOnlyList<string>>.Of(ids);
        }
        catch (XmlException)
        {
            return BlobErrors.InvalidXmlDocument;
        }
    }
}
